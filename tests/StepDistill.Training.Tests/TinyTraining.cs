using StepDistill.Batches;
using StepDistill.Runs;
using StepDistill.Students;
using StepDistill.Training.Checkpoints;
using StepDistill.Training.Models.T5;
using StepDistill.Training.Objectives;
using StepDistill.Training.Optimization;
using static TorchSharp.torch;

namespace StepDistill.Training.Tests;

/// <summary>A training small enough for a unit test: a network of a few thousand weights and made-up token ids.</summary>
/// <param name="folder">Where checkpoints go; a folder of its own where missing.</param>
internal sealed class TinyTraining(string? folder = null) : IDisposable
{
    private readonly DirectoryInfo _folder = folder is null ? Directory.CreateTempSubdirectory("stepdistill-") : new(folder);

    public static T5Config Config { get; } = new()
    {
        Width = 16, Heads = 2, HeadWidth = 8, FeedForwardWidth = 24, EncoderBlocks = 1, DecoderBlocks = 2, VocabularySize = 40,
        DropoutRate = 0.1,
    };

    /// <summary>Sizes of the network.</summary>
    public T5Config Sizes { get; init; } = Config;

    public string Folder => _folder.FullName;

    public List<RunEvent> Events { get; } = [];

    /// <summary>Scores of the looks, in order; the last one repeats.</summary>
    public double[] Scores { get; init; } = [0];

    public int Steps { get; init; } = 12;

    public int Patience { get; init; }

    public double Rate { get; init; } = 1e-2;

    public ScalarType Precision { get; init; } = ScalarType.Float32;

    public int EvaluateEverySteps { get; init; } = 3;

    public int CheckpointEverySteps { get; init; }

    public int KeepCheckpoints { get; init; } = 2;

    public bool Beside { get; init; } = true;

    /// <summary>Happens at every look, beside its score.</summary>
    public Action<T5Network> Look { get; init; } = _ => { };

    /// <summary>Happens at every event.</summary>
    public Action<RunEvent> Report { get; init; } = _ => { };

    public static List<EncodedExample> Examples { get; } =
    [
        .. Enumerable.Range(0, 10).Select(i => new EncodedExample(
            $"e{i}",
            new([3 + i, 4, 5, 6 + (i % 3), 1], [20 + (i % 3), 1]),
            i % 4 == 3 ? null : new([7, 3 + i, 4, 5, 6 + (i % 3), 1], [30, 31 + (i % 3), 32, 1]))),
    ];

    /// <summary>Trains from the newest checkpoint, or from the seed.</summary>
    /// <param name="stopAfter">Cancels when this step is done.</param>
    /// <param name="spoil">Changes the network before the first step.</param>
    public (T5Network Network, TrainerState? State) Run(int? stopAfter = null, Action<T5Network>? spoil = null)
    {
        using var fresh = T5Network.FromSeed(Sizes, 7);
        var network = fresh.In(Precision);
        spoil?.Invoke(network);
        using var optimizer = new AdamW(network.Memory, epsilonBeforeCorrection: true);
        var checkpoints = new CheckpointFolder(Folder) { Newest = KeepCheckpoints };
        var state = checkpoints.Restore(network, optimizer, Damages.Add) ?? TrainerState.Start;
        using var stop = new CancellationTokenSource();
        var trainer = new Trainer
        {
            Network = network,
            Examples = [.. Examples.Select(example => new EncodedRow([example]))],
            Order = new ShuffledOrder(Examples.Count, 4, seed: 1),
            Loss = StepByStepLoss.Program(),
            LearningRate = new LearningRate(Rate, Steps),
            Optimizer = optimizer,
            Seed = 1,
            EvaluateEverySteps = EvaluateEverySteps,
            Patience = Patience,
            Evaluate = _ =>
            {
                Look(network);
                return new Dictionary<string, double> { ["accuracy"] = Scores[Math.Min(_looks++, Scores.Length - 1)] };
            },
            Checkpoints = checkpoints,
            CheckpointEverySteps = CheckpointEverySteps,
            CheckpointBesideTraining = Beside,
            Report = happened =>
            {
                Events.Add(happened);
                Report(happened);
                if (happened is StepTaken && happened.Step == stopAfter)
                {
                    stop.Cancel();
                }
            },
        };
        _looks = state.Looks.Count;
        try
        {
            return (network, trainer.Run(state, stop.Token));
        }
        catch (OperationCanceledException)
        {
            return (network, null);
        }
    }

    public List<string> Damages { get; } = [];

    private int _looks;

    public string[] Checkpoints() => [.. _folder.GetDirectories().Select(d => d.Name).Order(StringComparer.Ordinal)];

    public void Dispose() => _folder.Delete(recursive: true);
}
