using StepDistill.Recipes;
using StepDistill.Students;
using StepDistill.Training.Models.T5;
using StepDistill.Training.Optimization;
using static TorchSharp.torch;

namespace StepDistill.Training;

/// <summary>What a training keeps in memory, in bytes: exact for weights, gradients and moments, near for activations.</summary>
/// <remarks>
/// Activations are those that <see cref="Packed.Tape"/> keeps between the forward and the backward pass, counted line by
/// line; see <see cref="KeptBySource"/>. Letters: D width, Q = H·A attention's width, F inner width, B bytes of a number.
/// </remarks>
internal sealed record MemoryNeeds
{
    // Of the runtime, libtorch and its work space, measured: 0.25 to 0.45 GB before the first weight.
    private const long ProgramBytes = 450L << 20;

    // HeadLoss scores so many target tokens at a time.
    private const int HeadPiece = 512;

    // Blocks computed again take and free much in turn, of which not all can be taken again: 0.97 to 1.14 times as much was
    // measured. Without, the count itself was right within 4 %.
    private const double Scattered = 1.15;

    private readonly T5Config _config;
    private readonly long _number;

    private MemoryNeeds(T5Config config, long number) => (_config, _number) = (config, number);

    /// <summary>The program itself.</summary>
    public long Program { get; private init; } = ProgramBytes;

    /// <summary>All weights, at full precision.</summary>
    public long Weights { get; private init; }

    /// <summary>Gradients of what learns.</summary>
    public long Gradients { get; private init; }

    /// <summary>What the optimizer remembers.</summary>
    public long Moments { get; private init; }

    /// <summary>What is there whatever a step's tokens are.</summary>
    public long Fixed => Program + Weights + Gradients + Moments;

    /// <summary>Counts for a student and the settings of a recipe.</summary>
    /// <param name="config">The student's sizes.</param>
    /// <param name="training">What learns, and by which optimizer.</param>
    /// <param name="type">float32 or bfloat16: what the network computes with.</param>
    public static MemoryNeeds Of(T5Config config, TrainingSection training, ScalarType type)
    {
        // A network without memory: nothing but shapes.
        using var network = new T5Network(config, META, type);
        T5Freezing.Apply(network, training.Freeze ?? []);
        if (training.Lora.Rank > 0)
        {
            T5Adapters.Attach(network, training.Lora, seed: 0);
        }

        var number = type == ScalarType.BFloat16 ? 2L : 4;
        var learning = network.LearningMemory.Weights.Where(placed => placed.Weight.requires_grad).ToList();
        var adapters = network.Adapters is null ? 0 : network.LearningMemory.LearningCount;
        return new MemoryNeeds(config, number)
        {
            // bfloat16 keeps the lower halves beside it, so both types take four bytes.
            Weights = 4 * (config.WeightCount + adapters),
            Gradients = number * learning.Sum(placed => placed.Length),
            Moments = 4 * learning.Sum(placed => training.Optimizer == "adafactor"
                ? Adafactor.MomentsOf(placed.Weight.shape)
                : 2 * placed.Length),
        };
    }

    /// <summary>The most that computing some tokens takes at any time, beside <see cref="Fixed"/>.</summary>
    /// <param name="sources">Tokens of the sources.</param>
    /// <param name="targets">Tokens of the targets.</param>
    /// <param name="again">Whether blocks are computed again instead of kept.</param>
    public long OfTokens(long sources, long targets, bool again)
    {
        var kept = (sources * KeptBySource(again)) + (targets * KeptByTarget(again));
        if (again)
        {
            // One block at a time is there as a whole, with its gradients.
            var (encoder, decoder) = (EncoderBlock + Inner + (5 * Width), DecoderBlock + Inner + (5 * Width));
            kept += _number * Math.Max(sources * encoder, (targets * decoder) + (sources * (Width + (4 * Attention))));
        }

        // At the turn from forward to backward: a piece of the scores; or what the backward pass of a block needs.
        var head = ((Math.Min(HeadPiece, targets) * (long)_config.VocabularySize) + (targets * Width)) * _number;
        var block = again ? 0 : ((targets * (Inner + (5 * Width))) + (sources * (Width + (2 * Attention)))) * _number;
        return (long)((kept + Math.Max(head, block)) * (again ? Scattered : 1));
    }

    /// <summary>The most that one token more can take, be it a source's or a target's.</summary>
    public double PerToken(bool again) => Math.Max(
        OfTokens(1 << 20, 0, again), Math.Max(OfTokens(0, 1 << 20, again), OfTokens(1 << 19, 1 << 19, again))) / (double)(1 << 20);

    /// <summary>What a source token leaves behind: in each block (or only after it), around the blocks, and as the decoder's keys and values.</summary>
    private long KeptBySource(bool again) => _number * (
        (3 * Width) + (_config.EncoderBlocks * (again ? Width : EncoderBlock)) + (again ? 0 : _config.DecoderBlocks * 2 * Attention));

    /// <summary>The same for a target token.</summary>
    private long KeptByTarget(bool again) => _number * ((3 * Width) + (_config.DecoderBlocks * (again ? Width : DecoderBlock)));

    /// <summary>Norm D, queries, keys and values 3Q, attention Q, output D, sum D; norm D, inner, output D, sum D.</summary>
    private long EncoderBlock => (6 * Width) + (4 * Attention) + Inner;

    /// <summary>Both attentions and the feed-forward part; cross-attention's keys and values belong to the sources.</summary>
    private long DecoderBlock => (9 * Width) + (6 * Attention) + Inner;

    private long Width => _config.Width;

    private long Attention => (long)_config.Heads * _config.HeadWidth;

    private long Inner => (_config.FeedForward == T5FeedForwardKind.Relu ? 1L : 2L) * _config.FeedForwardWidth;
}
