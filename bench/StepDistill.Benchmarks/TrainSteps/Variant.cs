using StepDistill.Batches;
using StepDistill.Students;
using StepDistill.Training;
using StepDistill.Training.Models.T5;
using StepDistill.Training.Objectives;
using StepDistill.Training.Optimization;
using static TorchSharp.torch;

namespace StepDistill.Benchmarks.TrainSteps;

/// <summary>One way to take a training step, with a network of its own.</summary>
internal sealed class Variant : IDisposable
{
    public const double Rate = 5e-4;

    private readonly T5Network _network;
    private readonly AdamW? _optimizer;
    private readonly PaperArithmetic? _paper;
    private readonly TrainStep? _step;
    private int _taken;

    /// <summary>Makes a network from a seed.</summary>
    /// <param name="name"><c>paper</c>, <c>float32</c> or <c>bfloat16</c>.</param>
    /// <param name="config">Its sizes.</param>
    public Variant(string name, T5Config config)
    {
        Name = name;
        _network = T5Network.FromSeed(config, 1);
        if (name == "paper")
        {
            _paper = new PaperArithmetic(_network);
            return;
        }

        if (name == "bfloat16")
        {
            using var full = _network;
            _network = full.In(ScalarType.BFloat16);
        }

        _optimizer = new AdamW(_network.Memory, epsilonBeforeCorrection: false);
        _step = new TrainStep(_network, StepByStepLoss.Program(), _optimizer, maxGradNorm: 1);
    }

    public string Name { get; }

    /// <summary>Takes a step.</summary>
    /// <returns>Its loss.</returns>
    public double Step(IReadOnlyList<EncodedExample> examples) =>
        _paper?.Step(examples) ?? _step!.Run(examples, Rate, (ulong)_taken++).Loss;

    public void Dispose()
    {
        _paper?.Dispose();
        _step?.Dispose();
        _optimizer?.Dispose();
        _network.Dispose();
    }
}
