using System.Runtime.InteropServices;
using System.Text.RegularExpressions;
using StepDistill.Students;
using StepDistill.Students.Weights;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace StepDistill.Training.Models.T5;

/// <summary>The published name of each weight, so that our checkpoints and Hugging Face's are the same files.</summary>
/// <remarks>
/// On disk only the published names occur. The table is one-to-one; a test walks it both ways.
/// Names on the right: huggingface/transformers, <c>models/t5/modeling_t5.py</c>.
/// </remarks>
public static partial class T5Weights
{
    /// <summary>Ours on the left, theirs on the right; # stands for the number of the block.</summary>
    private static readonly (string Ours, string Theirs)[] Names =
    [
        ("embedding", "shared.weight"),

        ("encoderPositions.table", "encoder.block.0.layer.0.SelfAttention.relative_attention_bias.weight"),
        ("encoder.#.attentionNorm.scale", "encoder.block.#.layer.0.layer_norm.weight"),
        ("encoder.#.attention.query", "encoder.block.#.layer.0.SelfAttention.q.weight"),
        ("encoder.#.attention.key", "encoder.block.#.layer.0.SelfAttention.k.weight"),
        ("encoder.#.attention.value", "encoder.block.#.layer.0.SelfAttention.v.weight"),
        ("encoder.#.attention.output", "encoder.block.#.layer.0.SelfAttention.o.weight"),
        ("encoder.#.feedForwardNorm.scale", "encoder.block.#.layer.1.layer_norm.weight"),
        ("encoder.#.feedForward.plain", "encoder.block.#.layer.1.DenseReluDense.wi.weight"),
        ("encoder.#.feedForward.gate", "encoder.block.#.layer.1.DenseReluDense.wi_0.weight"),
        ("encoder.#.feedForward.gated", "encoder.block.#.layer.1.DenseReluDense.wi_1.weight"),
        ("encoder.#.feedForward.output", "encoder.block.#.layer.1.DenseReluDense.wo.weight"),
        ("encoderNorm.scale", "encoder.final_layer_norm.weight"),

        ("decoderPositions.table", "decoder.block.0.layer.0.SelfAttention.relative_attention_bias.weight"),
        ("decoder.#.attentionNorm.scale", "decoder.block.#.layer.0.layer_norm.weight"),
        ("decoder.#.attention.query", "decoder.block.#.layer.0.SelfAttention.q.weight"),
        ("decoder.#.attention.key", "decoder.block.#.layer.0.SelfAttention.k.weight"),
        ("decoder.#.attention.value", "decoder.block.#.layer.0.SelfAttention.v.weight"),
        ("decoder.#.attention.output", "decoder.block.#.layer.0.SelfAttention.o.weight"),
        ("decoder.#.crossAttentionNorm.scale", "decoder.block.#.layer.1.layer_norm.weight"),
        ("decoder.#.crossAttention.query", "decoder.block.#.layer.1.EncDecAttention.q.weight"),
        ("decoder.#.crossAttention.key", "decoder.block.#.layer.1.EncDecAttention.k.weight"),
        ("decoder.#.crossAttention.value", "decoder.block.#.layer.1.EncDecAttention.v.weight"),
        ("decoder.#.crossAttention.output", "decoder.block.#.layer.1.EncDecAttention.o.weight"),
        ("decoder.#.feedForwardNorm.scale", "decoder.block.#.layer.2.layer_norm.weight"),
        ("decoder.#.feedForward.plain", "decoder.block.#.layer.2.DenseReluDense.wi.weight"),
        ("decoder.#.feedForward.gate", "decoder.block.#.layer.2.DenseReluDense.wi_0.weight"),
        ("decoder.#.feedForward.gated", "decoder.block.#.layer.2.DenseReluDense.wi_1.weight"),
        ("decoder.#.feedForward.output", "decoder.block.#.layer.2.DenseReluDense.wo.weight"),
        ("decoderNorm.scale", "decoder.final_layer_norm.weight"),

        ("head", "lm_head.weight"),
    ];

    /// <summary>
    /// Names under which Hugging Face's files may hold the embedding table once more, besides a tied head's.
    /// </summary>
    private static readonly string[] EmbeddingCopies = ["encoder.embed_tokens.weight", "decoder.embed_tokens.weight"];

    /// <summary>The first published T5 files hold this, which no program has ever used.</summary>
    private const string Unused = "decoder.block.0.layer.1.EncDecAttention.relative_attention_bias.weight";

    private const string Embedding = "shared.weight";
    private const string Head = "lm_head.weight";

    private static readonly Dictionary<string, string> TheirsByOurs = Names.ToDictionary(n => n.Ours, n => n.Theirs);

    /// <summary>
    /// Every weight of a network under its published name, in an order that depends on the sizes alone.
    /// </summary>
    /// <param name="network">The network, which goes on owning its weights.</param>
    /// <remarks>Tied weights stand once, as <c>shared.weight</c>.</remarks>
    public static IReadOnlyList<(string Name, Parameter Weight)> Of(T5Network network)
    {
        ArgumentNullException.ThrowIfNull(network);
        return [.. network.named_parameters().Select(p => (Published(p.name), p.parameter))];
    }

    /// <summary>Whatever a network may learn, adapters too, each under the name that it has on disk.</summary>
    /// <param name="network">The network, which goes on owning its weights.</param>
    internal static IReadOnlyDictionary<object, string> NamesOf(T5Network network) =>
        Of(network).Concat(network.Adapters?.Weights ?? []).ToDictionary(
            named => (object)named.Weight, named => named.Name, ReferenceEqualityComparer.Instance);

    /// <summary>Builds the network of a student's folder, with its weights.</summary>
    /// <param name="folder">A folder in Hugging Face's layout: <c>config.json</c> and weights in any format.</param>
    /// <exception cref="StepDistillException">
    /// Something is missing, cannot be used or does not fit together; the message lists it.
    /// </exception>
    public static T5Network Load(string folder)
    {
        var config = T5ConfigFile.Read(folder);
        using var files = WeightFiles.Open(folder);
        return Load(config, files);
    }

    /// <summary>Builds a network with weights from files.</summary>
    /// <param name="config">Its sizes.</param>
    /// <param name="files">Its weights under their published names.</param>
    /// <exception cref="StepDistillException">
    /// The weights are not those of such a network; the message lists them.
    /// </exception>
    public static T5Network Load(T5Config config, WeightFiles files) => Load(config, files, ScalarType.Float32);

    /// <summary>Builds a network with weights from files, in the numbers that it will compute in.</summary>
    /// <param name="config">Its sizes.</param>
    /// <param name="files">Its weights under their published names, in any of the types that files have.</param>
    /// <param name="type">float32 or bfloat16; full-precision weights are kept beside the latter.</param>
    /// <param name="device">Where; the CPU where missing.</param>
    /// <remarks>
    /// Weights go from the files into the network's memory piece by piece: nothing is held twice, however large the
    /// student is and however many files it is in.
    /// </remarks>
    /// <exception cref="StepDistillException">
    /// The weights are not those of such a network; the message lists them.
    /// </exception>
    internal static T5Network Load(T5Config config, WeightFiles files, ScalarType type, Device? device = null)
    {
        var network = new T5Network(config, device, type);
        try
        {
            Read(network, files);
            return network;
        }
        catch
        {
            network.Memory.Dispose();
            network.Dispose();
            throw;
        }
    }

    /// <summary>Reads a network's weights from files, straight into its memory.</summary>
    /// <param name="network">The network; its weights are replaced.</param>
    /// <param name="files">
    /// The weights under their published names. Copies of the embedding table, as older versions of transformers save
    /// them, may be there, but must be equal to it.
    /// </param>
    /// <exception cref="StepDistillException">
    /// Weights are missing, are of another shape or are not of this network, or tied ones differ; the message lists
    /// them.
    /// </exception>
    public static void Read(T5Network network, WeightFiles files)
    {
        ArgumentNullException.ThrowIfNull(network);
        ArgumentNullException.ThrowIfNull(files);
        if (network.Adapters is not null)
        {
            throw new InvalidOperationException("The files hold merged weights, to which adapters would be added again; merge or read those.");
        }

        string[] copies = network.Config.TiedEmbeddings ? [.. EmbeddingCopies, Head] : EmbeddingCopies;
        var embedding = copies.Prepend(Embedding).FirstOrDefault(name => files.Find(name) is not null, Embedding);
        var sources = Of(network).ToDictionary(w => w.Name == Embedding ? embedding : w.Name, w => w.Weight);
        Check(sources, files, copies);

        foreach (var (name, weight) in sources)
        {
            var placed = network.Memory.Of(weight);
            files.Read(name, (first, numbers) => network.Memory.Write(placed, first, numbers));
        }

        foreach (var copy in copies.Where(copy => copy != embedding && files.Find(copy) is not null))
        {
            CheckCopy(copy, embedding, network.Memory, network.Memory.Of(sources[embedding]), files);
        }
    }

    /// <summary>Writes a network's weights as a safetensors file that Hugging Face's transformers opens.</summary>
    /// <param name="network">The network; its full-precision weights are written, adapters merged into them.</param>
    /// <param name="path">The file, usually <c>model.safetensors</c>. It appears whole or not at all.</param>
    /// <remarks>
    /// Tied weights are written once, as newer versions of transformers do; older ones tie them again on loading.
    /// </remarks>
    /// <exception cref="IOException">The disk is full or the place cannot be written.</exception>
    public static void Write(T5Network network, string path)
    {
        var weights = Of(network).ToDictionary(w => w.Name, w => w.Weight);
        SafetensorsFile.Write(
            path,
            weights.Select(w => new WeightTensor(w.Key, WeightType.F32, w.Value.shape)),
            (tensor, stream) =>
            {
                var placed = network.Memory.Of(weights[tensor.Name]);
                network.Memory.CopyTo(stream, placed, placed.Weight.Adapter is { } adapter ? adapter.MergeInto : null);
            });
    }

    private static void Check(Dictionary<string, Parameter> sources, WeightFiles files, string[] copies)
    {
        var missing = sources.Keys.Where(name => files.Find(name) is null).ToList();
        var misshapen = (
            from source in sources
            let found = files.Find(source.Key)
            where found is not null && !found.Shape.SequenceEqual(source.Value.shape)
            let expected = string.Join(", ", source.Value.shape)
            select $"{source.Key} has [{string.Join(", ", found.Shape)}], expected [{expected}]").ToList();
        var known = sources.Keys.Concat(copies).Append(Unused).ToHashSet(StringComparer.Ordinal);
        var extra = files.Tensors.Select(t => t.Name).Where(name => !known.Contains(name)).ToList();
        if (missing.Count + misshapen.Count + extra.Count > 0)
        {
            throw new StepDistillException(
                $"The weights in {files.Path} are not those of the network that {T5ConfigFile.FileName} describes."
                + List("Missing", missing) + List("Of another shape", misshapen) + List("Not of this network", extra)
                + " Take both files from the same student.");
        }
    }

    private static string List(string what, List<string> items) => items.Count == 0 ? string.Empty
        : $" {what} ({items.Count}): {string.Join("; ", items.Take(8))}{(items.Count > 8 ? "; …" : string.Empty)}.";

    private static void CheckCopy(string copy, string original, WeightMemory memory, WeightMemory.Placed table, WeightFiles files)
    {
        var roundedAlike = files.Find(copy)!.Type == files.Find(original)!.Type;
        var same = files.Find(copy)!.Count == table.Length;
        files.Read(copy, (first, numbers) =>
        {
            if (same)
            {
                var read = new float[numbers.Length];
                memory.Read(table, first, read);
                same = IsSame(read, numbers, roundedAlike);
            }
        });
        if (!same)
        {
            throw new StepDistillException(
                $"{copy} and {original} in {files.Path} differ, but {T5ConfigFile.FileName} says that they are the same"
                + (copy == Head
                    ? " table. If the head was trained on its own, tie_word_embeddings must be false there."
                    : " table."));
        }
    }

    /// <summary>
    /// Whether two tables were one: bit for bit, or as near as rounding to two 16-bit types leaves them.
    /// </summary>
    private static bool IsSame(ReadOnlySpan<float> one, ReadOnlySpan<float> other, bool roundedAlike)
    {
        if (roundedAlike)
        {
            return MemoryMarshal.AsBytes(one).SequenceEqual(MemoryMarshal.AsBytes(other));
        }

        const float step = 1f / (1 << 7);           // of bfloat16, relative to a number's size
        const float smallest = 1f / (1 << 24);      // number of float16
        for (var i = 0; i < one.Length; i++)
        {
            if (!(MathF.Abs(one[i] - other[i]) <= (step * MathF.Abs(one[i])) + smallest))
            {
                return false;
            }
        }

        return one.Length == other.Length;
    }

    /// <summary>Gives a weight of <see cref="T5Network"/> its published name.</summary>
    /// <exception cref="KeyNotFoundException">No weight has that name.</exception>
    internal static string Published(string ours)
    {
        var block = BlockNumber().Match(ours);
        var pattern = block.Success ? $"{block.Groups[1]}.#.{block.Groups[3]}" : ours;
        return TheirsByOurs.TryGetValue(pattern, out var theirs)
            ? theirs.Replace("#", block.Groups[2].Value, StringComparison.Ordinal)
            : throw new KeyNotFoundException(
                $"The network has a weight '{ours}' that {nameof(T5Weights)} does not name; add it to that table.");
    }

    [GeneratedRegex(@"^(encoder|decoder)\.(\d+)\.(.+)$")]
    private static partial Regex BlockNumber();
}
