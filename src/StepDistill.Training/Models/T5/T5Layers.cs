// The parts of T5, smallest first. T5Network.cs puts them together.
//
// Letters in shapes:  B batch  Q query length  K key length  D width  H heads  A head width  F inner width
//
// Sources: Raffel et al. 2020, https://arxiv.org/abs/1910.10683 (the model);
//          Shazeer 2020, https://arxiv.org/abs/2002.05202 (the gated feed-forward part of v1.1);
//          google-research/t5x, t5x/examples/t5/layers.py (the reference program);
//          huggingface/transformers, models/t5/modeling_t5.py (dropout, initial weights, the published names).
//
// Each part stands twice: on tensors, as the library differentiates it on any device, and on a tape, as this program's own
// backward pass takes it on processors (Packed/Tape.cs). The two read alike and are tested against each other.
//
// Weights are plain parameters, [out, in] as published: T5 has no biases. A new part's weights are not set; either
// T5Weights reads them or Initialize draws them. linear(x, W) is W·x, and what an adapter beside W adds to it.

using StepDistill.Students;
using StepDistill.Training.Kernels;
using StepDistill.Training.Packed;
using static StepDistill.Training.Models.AdaptedProduct;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;
using static TorchSharp.torch.nn.functional;
using Gelu = TorchSharp.Modules.GELU;

namespace StepDistill.Training.Models.T5;

/// <summary>Scales each vector to unit mean square: no mean is subtracted and nothing is added back.</summary>
internal sealed class T5Norm : Module<Tensor, Tensor>
{
    private readonly double epsilon;
    private readonly JoinedWeights scaleAlone;

    private readonly Weight scale;       // In Models/ a field's name is its weight's name.

    public T5Norm(T5Config config, WeightMemory memory) : base(nameof(T5Norm))
    {
        epsilon = config.NormEpsilon;
        scale = memory.Take(config.Width);
        scaleAlone = memory.Join(scale);
        RegisterComponents();
    }

    public void Initialize(double factor) => scale.fill_(factor);

    /// <param name="x">[…, D]</param>
    /// <returns>[…, D], in the type of <paramref name="x"/>; the mean square is taken in float32.</returns>
    public override Tensor forward(Tensor x)
    {
        var meanSquare = x.to_type(ScalarType.Float32).square().mean([-1], keepdim: true);      // […, 1]
        return scale * (x * rsqrt(meanSquare + epsilon)).to_type(scale.dtype);
    }

    /// <param name="tape">Computes and remembers.</param>
    /// <param name="x">[T, D]</param>
    /// <returns>[T, D]</returns>
    public Flow forward(Tape tape, Flow x) => tape.Norm(x, scaleAlone, epsilon);
}

/// <summary>Attention as T5 does it: scores are not divided by √A, and a bias carries masks and positions.</summary>
/// <remarks>The missing division is in T5's initial query weights instead; see the note in t5x layers.py.</remarks>
internal sealed class T5Attention : Module<Tensor, Tensor, Tensor, Tensor>
{
    private readonly long heads;
    private readonly long headWidth;
    private readonly double dropoutRate;
    private readonly JoinedWeights queryAlone;
    private readonly JoinedWeights keyAndValue;
    private readonly JoinedWeights queryKeyAndValue;
    private readonly JoinedWeights outputAlone;

    private readonly Weight query;       // [H·A, D]
    private readonly Weight key;         // [H·A, D]
    private readonly Weight value;       // [H·A, D]
    private readonly Weight output;      // [D, H·A]

    public T5Attention(T5Config config, WeightMemory memory) : base(nameof(T5Attention))
    {
        heads = config.Heads;
        headWidth = config.HeadWidth;
        dropoutRate = config.DropoutRate;

        query = memory.Take(heads * headWidth, config.Width);
        key = memory.Take(heads * headWidth, config.Width);
        value = memory.Take(heads * headWidth, config.Width);
        output = memory.Take(config.Width, heads * headWidth);
        queryAlone = memory.Join(query);
        keyAndValue = memory.Join(key, value);
        queryKeyAndValue = memory.Join(query, key, value);
        outputAlone = memory.Join(output);
        RegisterComponents();
    }

    public void Initialize(double factor, Generator generator)
    {
        var width = query.size(1);
        query.normal_(0, factor / Math.Sqrt(width * headWidth), generator);
        key.normal_(0, factor / Math.Sqrt(width), generator);
        value.normal_(0, factor / Math.Sqrt(width), generator);
        output.normal_(0, factor / Math.Sqrt(heads * headWidth), generator);
    }

    /// <param name="x">[B, Q, D], the positions that ask.</param>
    /// <param name="memory">[B, K, D], the positions that answer; <paramref name="x"/> in self-attention.</param>
    /// <param name="bias">Broadcastable to [B, H, Q, K]; the lowest number where attention is forbidden.</param>
    /// <returns>[B, Q, D]</returns>
    public override Tensor forward(Tensor x, Tensor memory, Tensor bias) =>
        Attend(x, Keys(memory), Values(memory), bias);

    /// <summary>[B, K, D] → [B, H, K, A]</summary>
    public Tensor Keys(Tensor memory) => SplitHeads(linear(memory, key));

    /// <summary>[B, K, D] → [B, H, K, A]</summary>
    public Tensor Values(Tensor memory) => SplitHeads(linear(memory, value));

    /// <summary>Attention to keys and values that are already there, as decoding step by step has them.</summary>
    /// <param name="x">[B, Q, D]</param>
    /// <param name="k">[B, H, K, A]</param>
    /// <param name="v">[B, H, K, A]</param>
    /// <param name="bias">Broadcastable to [B, H, Q, K].</param>
    /// <returns>[B, Q, D]</returns>
    public Tensor Attend(Tensor x, Tensor k, Tensor v, Tensor bias)
    {
        var q = SplitHeads(linear(x, query));                                           // [B, H, Q, A]
        var scores = matmul(q, k.transpose(-2, -1)).add_(bias);                         // [B, H, Q, K]
        var weights = softmax(scores, dim: -1, dtype: ScalarType.Float32).to_type(v.dtype);
        weights = dropout(weights, dropoutRate, training);
        return linear(JoinHeads(matmul(weights, v)), output);
    }

    /// <summary>Attention of each sequence to itself.</summary>
    /// <param name="tape">Computes and remembers.</param>
    /// <param name="x">[T, D]</param>
    /// <param name="spans">Which tokens ask which.</param>
    /// <param name="bias">Relative positions.</param>
    /// <returns>[T, D]</returns>
    public Flow forward(Tape tape, Flow x, AttentionSpans spans, DistanceBias bias)
    {
        var projected = tape.Linear(x, queryKeyAndValue);                               // [T, 3·H·A]
        return tape.Linear(tape.Attend(projected, projected, (int)heads, (int)headWidth, spans, bias), outputAlone);
    }

    /// <summary>Attention to other sequences.</summary>
    /// <param name="tape">Computes and remembers.</param>
    /// <param name="x">[T, D]</param>
    /// <param name="memory">[K, D]</param>
    /// <param name="spans">Which tokens ask which.</param>
    /// <returns>[T, D]</returns>
    public Flow forward(Tape tape, Flow x, Flow memory, AttentionSpans spans) => tape.Linear(
        tape.Attend(
            tape.Linear(x, queryAlone), tape.Linear(memory, keyAndValue), (int)heads, (int)headWidth, spans, bias: null),
        outputAlone);

    /// <summary>[B, N, H·A] → [B, H, N, A]</summary>
    private Tensor SplitHeads(Tensor x) => x.view(x.size(0), x.size(1), heads, headWidth).transpose(1, 2);

    /// <summary>[B, H, N, A] → [B, N, H·A]</summary>
    private static Tensor JoinHeads(Tensor x) => x.transpose(1, 2).flatten(start_dim: 2);
}

/// <summary>A learned score per head for each bucket of distances, shared by all blocks of a stack.</summary>
internal sealed class T5PositionBias : Module<long, long, Tensor>
{
    private readonly bool bothDirections;
    private readonly int maxDistance;

    private readonly Weight table;       // [buckets, H]

    /// <param name="config">Gives the numbers of buckets and heads and the largest distance told apart.</param>
    /// <param name="bothDirections">True in the encoder; false in the decoder, where only the past is seen.</param>
    /// <param name="memory">Where the weights are.</param>
    public T5PositionBias(T5Config config, bool bothDirections, WeightMemory memory) : base(nameof(T5PositionBias))
    {
        this.bothDirections = bothDirections;
        maxDistance = config.PositionMaxDistance;
        table = memory.Take(config.PositionBuckets, config.Heads);
        RegisterComponents();
    }

    public void Initialize(double factor, long width, Generator generator) =>
        table.normal_(0, factor / Math.Sqrt(width), generator);

    /// <param name="queryLength">Q: the last so many of the positions ask.</param>
    /// <param name="keyLength">K: how many positions there are.</param>
    /// <returns>[1, H, Q, K]</returns>
    public override Tensor forward(long queryLength, long keyLength)
    {
        var keys = arange(keyLength, device: table.device).unsqueeze(0);
        var queries = arange(keyLength - queryLength, keyLength, device: table.device).unsqueeze(1);
        var bucket = Bucket(keys - queries, bothDirections, table.size(0), maxDistance);                // [Q, K]
        var bias = table.index_select(0, bucket.flatten()).view(queryLength, keyLength, table.size(1)); // [Q, K, H]
        return bias.permute(2, 0, 1).unsqueeze(0);
    }

    /// <summary>The same by distance, for sequences of any lengths up to one.</summary>
    /// <param name="tape">Computes and remembers.</param>
    /// <param name="longest">L</param>
    public DistanceBias forward(Tape tape, int longest) => tape.Positions(table, Buckets(longest));

    /// <summary>The bucket of each distance from −(L − 1) to L − 1.</summary>
    private int[] Buckets(int longest)
    {
        using var scope = NewDisposeScope();
        var distance = arange(-(longest - 1), longest, ScalarType.Int64);
        return [.. Bucket(distance, bothDirections, table.size(0), maxDistance).data<long>().Select(bucket => (int)bucket)];
    }

    /// <summary>Near distances get a bucket each; farther ones share buckets that widen logarithmically.</summary>
    /// <param name="distance">Key position minus query position, int64, any shape.</param>
    /// <param name="bothDirections">If false, keys after the query count as distance 0.</param>
    /// <param name="buckets">How many buckets there are, both directions together.</param>
    /// <param name="maxDistance">The distance from which on all share the last bucket.</param>
    /// <returns>Buckets in [0, <paramref name="buckets"/>), int64, the shape of <paramref name="distance"/>.</returns>
    /// <remarks>
    /// The logarithms are float32 and cut to whole numbers, as in the reference: another type moves limits.
    /// </remarks>
    internal static Tensor Bucket(Tensor distance, bool bothDirections, long buckets, int maxDistance)
    {
        var future = zeros_like(distance);
        if (bothDirections)
        {
            buckets /= 2;
            future = (distance > 0).to_type(ScalarType.Int64) * buckets;
            distance = distance.abs();
        }
        else
        {
            distance = (-distance).clamp_min(0);
        }

        var exact = buckets / 2;
        var logarithmic = exact + (
            log(distance.to_type(ScalarType.Float32) / exact)
            / Math.Log((double)maxDistance / exact)
            * (buckets - exact)).to_type(ScalarType.Int64);

        return future + where(distance < exact, distance, logarithmic.clamp_max(buckets - 1));
    }
}

/// <summary>The feed-forward part, in one of the family's three forms.</summary>
internal abstract class T5FeedForward(string name) : Module<Tensor, Tensor>(name)
{
    public static T5FeedForward Create(T5Config config, WeightMemory memory) => config.FeedForward switch
    {
        T5FeedForwardKind.Relu => new T5PlainFeedForward(config, memory),
        T5FeedForwardKind.GatedGelu or T5FeedForwardKind.GatedSilu => new T5GatedFeedForward(config, memory),
        var kind => throw new ArgumentOutOfRangeException(nameof(config), kind, "T5 has no such feed-forward part."),
    };

    public abstract void Initialize(double factor, Generator generator);

    /// <param name="tape">Computes and remembers.</param>
    /// <param name="x">[T, D]</param>
    /// <returns>[T, D]</returns>
    public abstract Flow forward(Tape tape, Flow x);
}

/// <summary>v1.0: output(relu(plain·x)).</summary>
internal sealed class T5PlainFeedForward : T5FeedForward
{
    private readonly double dropoutRate;
    private readonly JoinedWeights plainAlone;
    private readonly JoinedWeights outputAlone;

    private readonly Weight plain;       // [F, D]
    private readonly Weight output;      // [D, F]

    public T5PlainFeedForward(T5Config config, WeightMemory memory) : base(nameof(T5PlainFeedForward))
    {
        dropoutRate = config.DropoutRate;
        plain = memory.Take(config.FeedForwardWidth, config.Width);
        output = memory.Take(config.Width, config.FeedForwardWidth);
        plainAlone = memory.Join(plain);
        outputAlone = memory.Join(output);
        RegisterComponents();
    }

    public override void Initialize(double factor, Generator generator)
    {
        plain.normal_(0, factor / Math.Sqrt(plain.size(1)), generator);
        output.normal_(0, factor / Math.Sqrt(output.size(1)), generator);
    }

    /// <param name="x">[B, N, D]</param>
    /// <returns>[B, N, D]</returns>
    public override Tensor forward(Tensor x)
    {
        var hidden = relu(linear(x, plain), inplace: true);                             // [B, N, F]
        return linear(dropout(hidden, dropoutRate, training), output);
    }

    public override Flow forward(Tape tape, Flow x) =>
        tape.ActivateLinear(tape.Linear(x, plainAlone), T5FeedForwardKind.Relu, outputAlone);
}

/// <summary>v1.1 and Flan: output(gelu(gate·x) ⊙ gated·x), GELU by its tanh formula; or SiLU in its place.</summary>
internal sealed class T5GatedFeedForward : T5FeedForward
{
    private readonly T5FeedForwardKind kind;
    private readonly double dropoutRate;
    private readonly JoinedWeights gateAndGated;
    private readonly JoinedWeights outputAlone;

    private readonly Weight gate;        // [F, D]
    private readonly Weight gated;       // [F, D]
    private readonly Weight output;      // [D, F]

    public T5GatedFeedForward(T5Config config, WeightMemory memory) : base(nameof(T5GatedFeedForward))
    {
        kind = config.FeedForward;
        dropoutRate = config.DropoutRate;
        gate = memory.Take(config.FeedForwardWidth, config.Width);
        gated = memory.Take(config.FeedForwardWidth, config.Width);
        output = memory.Take(config.Width, config.FeedForwardWidth);
        gateAndGated = memory.Join(gate, gated);
        outputAlone = memory.Join(output);
        RegisterComponents();
    }

    public override void Initialize(double factor, Generator generator)
    {
        gate.normal_(0, factor / Math.Sqrt(gate.size(1)), generator);
        gated.normal_(0, factor / Math.Sqrt(gated.size(1)), generator);
        output.normal_(0, factor / Math.Sqrt(output.size(1)), generator);
    }

    /// <param name="x">[B, N, D]</param>
    /// <returns>[B, N, D]</returns>
    public override Tensor forward(Tensor x)
    {
        var opened = linear(x, gate);                                                   // [B, N, F]
        opened = kind == T5FeedForwardKind.GatedSilu ? functional.silu(opened) : gelu(opened, Gelu.Approximate.tanh);
        return linear(dropout(opened * linear(x, gated), dropoutRate, training), output);
    }

    public override Flow forward(Tape tape, Flow x) => tape.ActivateLinear(tape.Linear(x, gateAndGated), kind, outputAlone);
}
