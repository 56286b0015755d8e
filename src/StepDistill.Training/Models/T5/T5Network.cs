// T5 as a whole: two stacks of blocks over one embedding table. The parts are in T5Layers.cs, the letters in shape
// comments are explained there (and V is the number of rows in the embedding table); T5Weights.cs gives each weight its
// published name, and T5Decoding.cs writes text with the network.

using StepDistill.Students;
using StepDistill.Training.Kernels;
using StepDistill.Training.Packed;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;
using static TorchSharp.torch.nn.functional;

namespace StepDistill.Training.Models.T5;

internal sealed class T5EncoderBlock : Module<Tensor, Tensor, Tensor>
{
    private readonly double dropoutRate;

    private readonly T5Norm attentionNorm;
    private readonly T5Attention attention;
    private readonly T5Norm feedForwardNorm;
    private readonly T5FeedForward feedForward;

    public T5EncoderBlock(T5Config config, WeightMemory memory) : base(nameof(T5EncoderBlock))
    {
        dropoutRate = config.DropoutRate;
        attentionNorm = new T5Norm(config, memory);
        attention = new T5Attention(config, memory);
        feedForwardNorm = new T5Norm(config, memory);
        feedForward = T5FeedForward.Create(config, memory);
        RegisterComponents();
    }

    public void Initialize(double factor, Generator generator)
    {
        attentionNorm.Initialize(factor);
        attention.Initialize(factor, generator);
        feedForwardNorm.Initialize(factor);
        feedForward.Initialize(factor, generator);
    }

    /// <param name="x">[B, N, D]</param>
    /// <param name="bias">Broadcastable to [B, H, N, N].</param>
    /// <returns>[B, N, D]</returns>
    public override Tensor forward(Tensor x, Tensor bias)
    {
        using var scope = NewDisposeScope();
        var normed = attentionNorm.forward(x);
        x = x + dropout(attention.forward(normed, normed, bias), dropoutRate, training);
        x = x + dropout(feedForward.forward(feedForwardNorm.forward(x)), dropoutRate, training);
        return x.MoveToOuterDisposeScope();
    }

    /// <param name="tape">Computes and remembers.</param>
    /// <param name="x">[T, D]</param>
    /// <param name="spans">Each sequence to itself.</param>
    /// <param name="bias">Relative positions.</param>
    /// <returns>[T, D]</returns>
    public Flow forward(Tape tape, Flow x, AttentionSpans spans, DistanceBias bias)
    {
        x = tape.AddDropped(x, attention.forward(tape, attentionNorm.forward(tape, x), spans, bias));
        return tape.AddDropped(x, feedForward.forward(tape, feedForwardNorm.forward(tape, x)));
    }
}

internal sealed class T5DecoderBlock : Module<Tensor, Tensor, Tensor, Tensor, Tensor>
{
    private readonly double dropoutRate;

    private readonly T5Norm attentionNorm;
    private readonly T5Attention attention;
    private readonly T5Norm crossAttentionNorm;
    private readonly T5Attention crossAttention;
    private readonly T5Norm feedForwardNorm;
    private readonly T5FeedForward feedForward;

    public T5DecoderBlock(T5Config config, WeightMemory memory) : base(nameof(T5DecoderBlock))
    {
        dropoutRate = config.DropoutRate;
        attentionNorm = new T5Norm(config, memory);
        attention = new T5Attention(config, memory);
        crossAttentionNorm = new T5Norm(config, memory);
        crossAttention = new T5Attention(config, memory);
        feedForwardNorm = new T5Norm(config, memory);
        feedForward = T5FeedForward.Create(config, memory);
        RegisterComponents();
    }

    public void Initialize(double factor, Generator generator)
    {
        attentionNorm.Initialize(factor);
        attention.Initialize(factor, generator);
        crossAttentionNorm.Initialize(factor);
        crossAttention.Initialize(factor, generator);
        feedForwardNorm.Initialize(factor);
        feedForward.Initialize(factor, generator);
    }

    /// <param name="x">[B, Q, D]</param>
    /// <param name="encoded">[B, K, D], what the encoder made of the input.</param>
    /// <param name="selfBias">Broadcastable to [B, H, Q, Q].</param>
    /// <param name="crossBias">Broadcastable to [B, H, Q, K]; masks only, since T5 has no cross positions.</param>
    /// <returns>[B, Q, D]</returns>
    public override Tensor forward(Tensor x, Tensor encoded, Tensor selfBias, Tensor crossBias)
    {
        using var scope = NewDisposeScope();
        var normed = attentionNorm.forward(x);
        x = x + dropout(attention.forward(normed, normed, selfBias), dropoutRate, training);
        normed = crossAttentionNorm.forward(x);
        x = x + dropout(crossAttention.forward(normed, encoded, crossBias), dropoutRate, training);
        x = x + dropout(feedForward.forward(feedForwardNorm.forward(x)), dropoutRate, training);
        return x.MoveToOuterDisposeScope();
    }

    /// <param name="tape">Computes and remembers.</param>
    /// <param name="x">[T, D]</param>
    /// <param name="encoded">[K, D]</param>
    /// <param name="selfSpans">Each target to its own past.</param>
    /// <param name="crossSpans">Each target to its input.</param>
    /// <param name="bias">Relative positions.</param>
    /// <returns>[T, D]</returns>
    public Flow forward(
        Tape tape, Flow x, Flow encoded, AttentionSpans selfSpans, AttentionSpans crossSpans, DistanceBias bias)
    {
        x = tape.AddDropped(x, attention.forward(tape, attentionNorm.forward(tape, x), selfSpans, bias));
        x = tape.AddDropped(x, crossAttention.forward(tape, crossAttentionNorm.forward(tape, x), encoded, crossSpans));
        return tape.AddDropped(x, feedForward.forward(tape, feedForwardNorm.forward(tape, x)));
    }

    /// <summary>Keys and values of the encoded input, which stay the same at every step of decoding.</summary>
    /// <param name="encoded">[B, K, D]</param>
    public T5BlockMemory Remember(Tensor encoded)
    {
        using var scope = NewDisposeScope();
        return new T5BlockMemory(
            crossAttention.Keys(encoded).contiguous().DetachFromDisposeScope(),
            crossAttention.Values(encoded).contiguous().DetachFromDisposeScope());
    }

    /// <summary>
    /// What the whole block makes of the last target token, given the memory of those before it.
    /// </summary>
    /// <param name="x">[R, 1, D], where R is a multiple of B: the beams of one input stand together.</param>
    /// <param name="memory">Of the R texts so far; gains the new token.</param>
    /// <param name="selfBias">[1, H, 1, K], K counting the new token.</param>
    /// <param name="crossBias">[B, 1, 1, K], masks only.</param>
    /// <returns>[R, 1, D]</returns>
    public Tensor Step(Tensor x, T5BlockMemory memory, Tensor selfBias, Tensor crossBias)
    {
        using var scope = NewDisposeScope();
        var normed = attentionNorm.forward(x);
        var (keys, values) = memory.Append(attention.Keys(normed), attention.Values(normed));
        x = x + attention.Attend(normed, keys, values, selfBias);

        // All beams of one input ask the same memory: [R, 1, D] → [B, R/B, D].
        normed = crossAttentionNorm.forward(x).view(crossBias.size(0), -1, x.size(2));
        x = x + crossAttention.Attend(normed, memory.CrossKeys, memory.CrossValues, crossBias).view_as(x);
        x = x + feedForward.forward(feedForwardNorm.forward(x));
        return x.MoveToOuterDisposeScope();
    }
}

/// <summary>An encoder–decoder student: token ids in, a score for every next token out.</summary>
/// <remarks>
/// A new network is in training mode: call <c>eval()</c> before predicting. Not thread-safe while training; several
/// threads may run it in evaluation mode. Whoever makes a network disposes it.
/// Tensors that methods return belong to the caller's dispose scope.
/// </remarks>
public sealed class T5Network : Module<Tensor, Tensor, Tensor, Tensor>
{
    private readonly JoinedWeights table;

    private readonly Parameter embedding;                   // [V, D]
    private readonly T5PositionBias encoderPositions;
    private readonly ModuleList<T5EncoderBlock> encoder;
    private readonly T5Norm encoderNorm;
    private readonly T5PositionBias decoderPositions;
    private readonly ModuleList<T5DecoderBlock> decoder;
    private readonly T5Norm decoderNorm;
    private readonly Parameter? head;                       // [V, D]; null where the embedding table serves as head

    /// <summary>Builds a network whose weights are not set yet.</summary>
    /// <param name="config">Its sizes.</param>
    /// <param name="device">Where; the CPU where missing.</param>
    /// <param name="type">float32 or bfloat16: what it computes with.</param>
    internal T5Network(T5Config config, Device? device = null, ScalarType type = ScalarType.Float32) : base(nameof(T5Network))
    {
        ArgumentNullException.ThrowIfNull(config);
        Config = config;
        var memory = Memory = new WeightMemory(config.WeightCount, type, device ?? CPU);

        embedding = memory.Take(config.VocabularySize, config.Width);
        encoderPositions = new T5PositionBias(config, bothDirections: true, memory);
        encoder = new([.. Enumerable.Range(0, config.EncoderBlocks).Select(_ => new T5EncoderBlock(config, memory))]);
        encoderNorm = new T5Norm(config, memory);
        decoderPositions = new T5PositionBias(config, bothDirections: false, memory);
        decoder = new([.. Enumerable.Range(0, config.DecoderBlocks).Select(_ => new T5DecoderBlock(config, memory))]);
        decoderNorm = new T5Norm(config, memory);
        head = config.TiedEmbeddings ? null : memory.Take(config.VocabularySize, config.Width);
        table = memory.Join(embedding);
        Head = head is null ? table : memory.Join(head);
        RegisterComponents();
    }

    /// <summary>The sizes this network was built with.</summary>
    public T5Config Config { get; }

    /// <summary>Where it computes.</summary>
    internal Device Device => embedding.device;

    /// <summary>All its weights, and their gradients.</summary>
    internal WeightMemory Memory { get; }

    /// <summary>[V, D], what turns the decoder's output into scores; <see cref="HeadScale"/> comes with it.</summary>
    internal JoinedWeights Head { get; }

    /// <summary>What the decoder's output is multiplied by before the head: D^-½ where that is the embedding table.</summary>
    internal double HeadScale => head is null ? Math.Pow(Config.Width, -0.5) : 1;

    /// <summary>Builds a network with random weights on the CPU, each drawn as T5 draws it.</summary>
    /// <param name="config">Its sizes.</param>
    /// <param name="seed">Decides all weights: the same seed gives the same bits.</param>
    /// <exception cref="ArgumentNullException"><paramref name="config"/> is null.</exception>
    /// <remarks>
    /// Source: transformers, <c>models/t5/modeling_t5.py</c>, <c>_init_weights</c>, but for an untied head: there it has
    /// standard deviation 1, so first scores of about √D and a first loss several times that of a guess; here D^-½,
    /// as in the program that trained T5 (t5x, <c>layers.py</c>).
    /// </remarks>
    public static T5Network FromSeed(T5Config config, long seed)
    {
        var network = new T5Network(config);
        using var generator = new Generator((ulong)seed, CPU);
        using var frozen = no_grad();
        using var scope = NewDisposeScope();
        var factor = config.InitializerFactor;

        network.embedding.normal_(0, factor, generator);
        network.encoderPositions.Initialize(factor, config.Width, generator);
        foreach (var block in network.encoder)
        {
            block.Initialize(factor, generator);
        }

        network.encoderNorm.Initialize(factor);
        network.decoderPositions.Initialize(factor, config.Width, generator);
        foreach (var block in network.decoder)
        {
            block.Initialize(factor, generator);
        }

        network.decoderNorm.Initialize(factor);
        network.head?.normal_(0, factor / Math.Sqrt(config.Width), generator);
        return network;
    }

    /// <summary>The same network computing with another type or on another device; full-precision weights are kept.</summary>
    /// <param name="type">float32 or bfloat16.</param>
    /// <param name="device">Where; the CPU where missing.</param>
    /// <returns>A network of its own, in training mode.</returns>
    internal T5Network In(ScalarType type, Device? device = null)
    {
        var network = new T5Network(Config, device, type);
        foreach (var (mine, its) in Memory.Weights.Zip(network.Memory.Weights))
        {
            var numbers = new float[mine.Length];
            Memory.Read(mine, 0, numbers);
            network.Memory.Write(its, 0, numbers);
        }

        return network;
    }

    /// <summary>Scores every next token of the target, given the input and the target so far.</summary>
    /// <param name="inputIds">[B, K] int64, padded on the right.</param>
    /// <param name="inputMask">[B, K] bool, true on real tokens.</param>
    /// <param name="decoderIds">[B, Q] int64, from <see cref="DecoderIds"/>.</param>
    /// <returns>[B, Q, V] logits, float32.</returns>
    /// <exception cref="ArgumentException">Ids and mask have different shapes.</exception>
    public override Tensor forward(Tensor inputIds, Tensor inputMask, Tensor decoderIds)
    {
        using var scope = NewDisposeScope();
        var encoded = Encode(inputIds, inputMask);
        return Logits(Decode(encoded, inputMask, decoderIds)).MoveToOuterDisposeScope();
    }

    /// <summary>Encoder and decoder over packed tokens, in one pass for all sequences of a batch.</summary>
    /// <param name="tape">Computes and remembers.</param>
    /// <param name="batch">Token ids, and which ask which.</param>
    /// <param name="again">Whether blocks are computed again in the backward pass instead of kept.</param>
    /// <returns>[target tokens, D]: <see cref="Head"/> turns it into scores.</returns>
    internal Flow forward(Tape tape, PackedBatch batch, bool again = false)
    {
        var encoded = Encode(tape, batch.SourceIds, batch.SourceSpans, again);
        var bias = decoderPositions.forward(tape, batch.TargetSpans.LongestKey);
        var x = tape.Embed(table, batch.TargetIds);                                                     // [T, D]
        foreach (var block in decoder)
        {
            Flow Block(Tape tape, Flow x) => block.forward(tape, x, encoded, batch.TargetSpans, batch.CrossSpans, bias);
            x = again ? tape.Again(x, Block) : Block(tape, x);
        }

        return tape.Drop(decoderNorm.forward(tape, x));
    }

    /// <summary>The encoder alone.</summary>
    /// <returns>[source tokens, D]</returns>
    internal Flow Encode(Tape tape, int[] ids, AttentionSpans spans, bool again)
    {
        var bias = encoderPositions.forward(tape, spans.LongestKey);
        var x = tape.Embed(table, ids);                                                                 // [K, D]
        foreach (var block in encoder)
        {
            Flow Block(Tape tape, Flow x) => block.forward(tape, x, spans, bias);
            x = again ? tape.Again(x, Block) : Block(tape, x);
        }

        return tape.Drop(encoderNorm.forward(tape, x));
    }

    /// <summary>What the decoder reads while it learns to write a target: the target shifted right by one.</summary>
    /// <param name="targetIds">[B, Q] int64; negative ids mark padding.</param>
    /// <returns>
    /// [B, Q] int64: the start id, then all but the last of the target, with the padding id as padding.
    /// </returns>
    public Tensor DecoderIds(Tensor targetIds)
    {
        ArgumentNullException.ThrowIfNull(targetIds);
        using var scope = NewDisposeScope();
        var start = targetIds.new_full([targetIds.size(0), 1], Config.StartId);
        var shifted = cat([start, targetIds.narrow(1, 0, targetIds.size(1) - 1)], dim: 1);
        return shifted.masked_fill(shifted < 0, Config.PadId).MoveToOuterDisposeScope();
    }

    /// <summary>Runs the encoder alone, as decoding needs it: once per input.</summary>
    /// <param name="inputIds">[B, K] int64, padded on the right.</param>
    /// <param name="inputMask">[B, K] bool, true on real tokens.</param>
    /// <returns>[B, K, D]</returns>
    /// <exception cref="ArgumentException">The two shapes differ.</exception>
    public Tensor Encode(Tensor inputIds, Tensor inputMask) => Encode(inputIds, inputMask, between: null);

    /// <param name="inputIds">As in the other overload.</param>
    /// <param name="inputMask">As in the other overload.</param>
    /// <param name="between">Receives what goes into each block, [B, K, D] each, where given.</param>
    /// <returns>[B, K, D]</returns>
    internal Tensor Encode(Tensor inputIds, Tensor inputMask, ICollection<Tensor>? between)
    {
        ArgumentNullException.ThrowIfNull(inputIds);
        ArgumentNullException.ThrowIfNull(inputMask);
        ThrowIfShapesDiffer(inputIds, inputMask);

        using var scope = NewDisposeScope();
        var length = inputIds.size(1);
        var bias = encoderPositions.forward(length, length) + MaskBias(inputMask);                      // [B, H, K, K]
        var x = Drop(Embed(inputIds));                                                                  // [B, K, D]
        foreach (var block in encoder)
        {
            between?.Add(x.alias().MoveToOuterDisposeScope());
            x = block.forward(x, bias);
        }

        return Drop(encoderNorm.forward(x)).MoveToOuterDisposeScope();
    }

    /// <summary>Runs the decoder over whole targets, given what the encoder made of the inputs.</summary>
    /// <param name="encoded">[B, K, D], from <see cref="Encode(Tensor, Tensor)"/>.</param>
    /// <param name="inputMask">[B, K] bool, the mask that the encoder was given.</param>
    /// <param name="decoderIds">[B, Q] int64, from <see cref="DecoderIds"/>.</param>
    /// <returns>[B, Q, D]; <see cref="Logits"/> turns all of it, or only the rows that matter, into scores.</returns>
    public Tensor Decode(Tensor encoded, Tensor inputMask, Tensor decoderIds) =>
        Decode(encoded, inputMask, decoderIds, between: null);

    /// <param name="encoded">As in the other overload.</param>
    /// <param name="inputMask">As in the other overload.</param>
    /// <param name="decoderIds">As in the other overload.</param>
    /// <param name="between">Receives what goes into each block, [B, Q, D] each, where given.</param>
    /// <returns>[B, Q, D]</returns>
    internal Tensor Decode(Tensor encoded, Tensor inputMask, Tensor decoderIds, ICollection<Tensor>? between)
    {
        ArgumentNullException.ThrowIfNull(encoded);
        ArgumentNullException.ThrowIfNull(inputMask);
        ArgumentNullException.ThrowIfNull(decoderIds);

        using var scope = NewDisposeScope();
        var length = decoderIds.size(1);
        var past = ones(length, length, ScalarType.Bool, embedding.device).tril();                      // [Q, Q]
        var selfBias = decoderPositions.forward(length, length) + AsBias(past);                         // [1, H, Q, Q]
        var crossBias = MaskBias(inputMask);                                                            // [B, 1, 1, K]
        var x = Drop(Embed(decoderIds));                                                                // [B, Q, D]
        foreach (var block in decoder)
        {
            between?.Add(x.alias().MoveToOuterDisposeScope());
            x = block.forward(x, encoded, selfBias, crossBias);
        }

        return Drop(decoderNorm.forward(x)).MoveToOuterDisposeScope();
    }

    /// <summary>Scores every token of the vocabulary as the next one.</summary>
    /// <param name="hidden">[…, D], any rows of what <see cref="Decode(Tensor, Tensor, Tensor)"/> gave.</param>
    /// <returns>[…, V] logits, float32.</returns>
    public Tensor Logits(Tensor hidden)
    {
        ArgumentNullException.ThrowIfNull(hidden);
        using var scope = NewDisposeScope();
        var logits = head is null
            ? linear(hidden * HeadScale, embedding)
            : linear(hidden, head);
        return logits.to_type(ScalarType.Float32).MoveToOuterDisposeScope();
    }

    /// <summary>
    /// The decoder's relative positions alone, as every token sees those before it, or as the last one does.
    /// </summary>
    /// <returns>[1, H, Q, K]</returns>
    internal Tensor DecoderPositionBias(long queryLength, long keyLength)
    {
        using var scope = NewDisposeScope();
        return decoderPositions.forward(queryLength, keyLength).MoveToOuterDisposeScope();
    }

    /// <summary>Begins to decode step by step: see <see cref="T5Decoding"/>.</summary>
    /// <param name="encoded">[B, K, D]</param>
    /// <param name="inputMask">[B, K] bool.</param>
    internal T5Memory Remember(Tensor encoded, Tensor inputMask)
    {
        using var scope = NewDisposeScope();
        return new T5Memory(
            [.. decoder.Select(block => block.Remember(encoded))], MaskBias(inputMask).DetachFromDisposeScope());
    }

    /// <summary>Scores the token after the last one of each text, given the memory of those before.</summary>
    /// <param name="lastIds">[R] int64, the last token of each text.</param>
    /// <param name="memory">From <see cref="Remember"/>; gains the new token.</param>
    /// <param name="selfBias">[1, H, 1, K], K counting the new token: how it sees those before it.</param>
    /// <returns>[R, V] logits, float32.</returns>
    internal Tensor Step(Tensor lastIds, T5Memory memory, Tensor selfBias)
    {
        using var scope = NewDisposeScope();
        var x = Embed(lastIds.unsqueeze(1));                                                            // [R, 1, D]
        foreach (var (block, blockMemory) in decoder.Zip(memory.Blocks))
        {
            x = block.Step(x, blockMemory, selfBias, memory.CrossBias);
        }

        return Logits(decoderNorm.forward(x).squeeze(1)).MoveToOuterDisposeScope();
    }

    /// <summary>[B, N] → [B, N, D]</summary>
    private Tensor Embed(Tensor ids) =>
        embedding.index_select(0, ids.flatten()).view(ids.size(0), ids.size(1), Config.Width);

    private Tensor Drop(Tensor x) => dropout(x, Config.DropoutRate, training);

    /// <summary>[B, K] bool → [B, 1, 1, K]</summary>
    private Tensor MaskBias(Tensor mask) => AsBias(mask).unsqueeze(1).unsqueeze(1);

    /// <summary>0 where <paramref name="allowed"/> is true, the type's lowest number elsewhere.</summary>
    private Tensor AsBias(Tensor allowed) =>
        zeros(allowed.shape, embedding.dtype, embedding.device)
            .masked_fill_(allowed.logical_not(), finfo(embedding.dtype).min);

    private static void ThrowIfShapesDiffer(Tensor ids, Tensor mask)
    {
        if (!ids.shape.SequenceEqual(mask.shape))
        {
            throw new ArgumentException(
                $"Input ids have shape [{string.Join(", ", ids.shape)}] but their mask has shape "
                + $"[{string.Join(", ", mask.shape)}]; both must be [batch, length].",
                nameof(mask));
        }
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        if (disposing)
        {
            Memory.Dispose();
        }
    }
}
