using System.Text.RegularExpressions;
using TorchSharp.Modules;

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

    private static readonly Dictionary<string, string> TheirsByOurs = Names.ToDictionary(n => n.Ours, n => n.Theirs);

    /// <summary>Every weight of a network under its published name, in an order that depends on the sizes alone.</summary>
    /// <param name="network">The network, which goes on owning its weights.</param>
    /// <remarks>Tied weights stand once, as <c>shared.weight</c>.</remarks>
    public static IReadOnlyList<(string Name, Parameter Weight)> Of(T5Network network)
    {
        ArgumentNullException.ThrowIfNull(network);
        return [.. network.named_parameters().Select(p => (Published(p.name), p.parameter))];
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
