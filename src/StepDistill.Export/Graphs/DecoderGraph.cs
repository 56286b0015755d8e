using StepDistill.Export.Onnx;
using StepDistill.Export.Weights;
using StepDistill.Students;

namespace StepDistill.Export.Graphs;

/// <summary>The decoder, with what it remembers of earlier tokens going in and out.</summary>
/// <remarks>
/// Inputs and outputs as Hugging Face's exporter names and orders them. One input more may be given to the first pass and
/// can be left out: <see cref="OffsetsName"/>, which lets several texts that begin alike be scored in one pass, as a trie.
/// </remarks>
internal sealed class DecoderGraph
{
    /// <summary>
    /// Input [B or 1, Q, K] int64, added to the distance from each query to each key; 0 where it is left out. A key whose
    /// distance becomes positive is not seen.
    /// </summary>
    public const string OffsetsName = "decoder_distance_offsets";

    private readonly StudentMatrices weights;
    private readonly T5Config config;
    private readonly Products products;

    private DecoderGraph(StudentMatrices weights, ExportPrecision precision)
    {
        this.weights = weights;
        config = weights.Config;
        products = Products.In(precision);
    }

    /// <summary>Both passes in one graph: <c>use_cache_branch</c> says whether there are earlier tokens.</summary>
    public static OnnxGraph Merged(StudentMatrices weights, ExportPrecision precision)
    {
        var decoder = new DecoderGraph(weights, precision);
        var graph = new OnnxGraph("decoder");
        decoder.AddInputs(graph, encoded: true, remembered: true);
        var cached = graph.Input(new("use_cache_branch", OnnxType.Bool, 1));
        AddOffsets(graph);
        var (later, first) = (graph.Branch("later"), graph.Branch("first"));
        decoder.Build(later, remembers: true, merged: true);
        decoder.Build(first, remembers: false, merged: true);
        var outputs = decoder.Outputs(remembers: false, all: true).ToList();
        graph.AddNamed("If", [cached], [.. outputs.Select(output => output.Name)], ("then_branch", later), ("else_branch", first));
        outputs.ForEach(graph.Output);
        return graph;
    }

    /// <summary>The first pass alone.</summary>
    public static OnnxGraph First(StudentMatrices weights, ExportPrecision precision)
    {
        var decoder = new DecoderGraph(weights, precision);
        var graph = new OnnxGraph("decoder");
        decoder.AddInputs(graph, encoded: true, remembered: false);
        AddOffsets(graph);
        decoder.Build(graph, remembers: false, merged: false);
        return graph;
    }

    /// <summary>The later passes alone, which need the encoded input no more.</summary>
    public static OnnxGraph Later(StudentMatrices weights, ExportPrecision precision)
    {
        var decoder = new DecoderGraph(weights, precision);
        var graph = new OnnxGraph("decoder_with_past");
        decoder.AddInputs(graph, encoded: false, remembered: true);
        AddOffsets(graph);
        decoder.Build(graph, remembers: true, merged: false);
        return graph;
    }

    private static void AddOffsets(OnnxGraph graph) => graph.Input(
        new(OffsetsName, OnnxType.Int64, "offsets_batch", "offsets_queries", "offsets_keys"),
        OnnxTensor.Longs(OffsetsName, [1, 1, 1], 0));

    private void AddInputs(OnnxGraph graph, bool encoded, bool remembered)
    {
        graph.Input(new("encoder_attention_mask", OnnxType.Int64, "batch_size", "encoder_sequence_length"));
        graph.Input(new("input_ids", OnnxType.Int64, "batch_size", "decoder_sequence_length"));
        if (encoded)
        {
            graph.Input(new("encoder_hidden_states", OnnxType.Float32, "batch_size", "encoder_sequence_length", config.Width));
        }

        for (var block = 0; remembered && block < config.DecoderBlocks; block++)
        {
            // The heads' width has a name and no number: other programs take it for D / H, which it need not be.
            foreach (var (part, length) in new[] { ("decoder", "past_decoder_sequence_length"), ("encoder", "encoder_sequence_length_out") })
            {
                foreach (var what in new[] { "key", "value" })
                {
                    graph.Input(new($"past_key_values.{block}.{part}.{what}", OnnxType.Float32, "batch_size", config.Heads, length, "head_width"));
                }
            }
        }
    }

    private IEnumerable<OnnxValue> Outputs(bool remembers, bool all)
    {
        yield return new("logits", OnnxType.Float32, "batch_size", "decoder_sequence_length", config.VocabularySize);
        for (var block = 0; block < config.DecoderBlocks; block++)
        {
            foreach (var part in remembers && !all ? new[] { "decoder" } : ["decoder", "encoder"])
            {
                foreach (var what in new[] { "key", "value" })
                {
                    yield return new(
                        $"present.{block}.{part}.{what}", OnnxType.Float32,
                        part == "decoder" ? "batch_size" : "batch_size_or_none", config.Heads, $"{part}_sequence_length_out", config.HeadWidth);
                }
            }
        }
    }

    private void Build(OnnxGraph graph, bool remembers, bool merged)
    {
        var layers = new Layers(graph, weights, products);
        var before = remembers ? layers.Size("past_key_values.0.decoder.key", 2) : graph.Long(0);
        var all = graph.Add("Add", [before, layers.Size("input_ids", 1)]);
        var distances = graph.Add("Add", [
            graph.Add("Sub", [layers.Places(graph.Long(0), all, areKeys: true), layers.Places(before, all, areKeys: false)]), OffsetsName]);
        var near = layers.PositionScores(
            distances, "decoder.block.0.layer.0.SelfAttention.relative_attention_bias.weight", bothDirections: false);
        var padding = layers.MaskScores("encoder_attention_mask");
        var results = new Dictionary<string, string>(StringComparer.Ordinal);

        var x = layers.Embed("input_ids");                                                              // [B, Q, D]
        for (var block = 0; block < config.DecoderBlocks; block++)
        {
            var (self, cross, last) = ($"decoder.block.{block}.layer.0", $"decoder.block.{block}.layer.1", $"decoder.block.{block}.layer.2");
            var heads = layers.SelfHeads(layers.Norm(x, $"{self}.layer_norm.weight"), $"{self}.SelfAttention");
            var keys = Extend(graph, heads.Keys, remembers, $"{block}.decoder.key", results);
            var values = Extend(graph, heads.Values, remembers, $"{block}.decoder.value", results);
            x = layers.Add(x, layers.Attend(heads.Queries, keys, values, near, $"{self}.SelfAttention"));

            var queries = layers.QueryHeads(layers.Norm(x, $"{cross}.layer_norm.weight"), $"{cross}.EncDecAttention");
            var encoded = remembers
                ? (Keys: $"past_key_values.{block}.encoder.key", Values: $"past_key_values.{block}.encoder.value")
                : layers.EncodedHeads("encoder_hidden_states", $"{cross}.EncDecAttention");
            results[$"present.{block}.encoder.key"] = encoded.Keys;
            results[$"present.{block}.encoder.value"] = encoded.Values;
            x = layers.Add(x, layers.Attend(queries, encoded.Keys, encoded.Values, padding, $"{cross}.EncDecAttention"));
            x = layers.Add(x, layers.FeedForward(layers.Norm(x, $"{last}.layer_norm.weight"), $"{last}.DenseReluDense"));
        }

        x = layers.Norm(x, "decoder.final_layer_norm.weight");
        if (config.TiedEmbeddings)
        {
            x = graph.Add("Mul", [x, graph.Float(1 / MathF.Sqrt(config.Width))]);
        }

        results["logits"] = products.Linear(graph, x, weights.Head);                                    // [B, Q, V]
        foreach (var output in Outputs(remembers, merged))
        {
            // What the encoder gave does not change, and whoever holds it need not get it again.
            var given = remembers && output.Name.Contains(".encoder.", StringComparison.Ordinal)
                ? graph.Tensor(OnnxTensor.Floats("nothing", [0, config.Heads, 1, config.HeadWidth], () => []))
                : results[output.Name];
            graph.Output(merged ? output with { Name = $"{graph.Name}/{output.Name}" } : output, given);
        }
    }

    private static string Extend(OnnxGraph graph, string now, bool remembers, string name, Dictionary<string, string> results) =>
        results[$"present.{name}"] = remembers ? graph.Add("Concat", [$"past_key_values.{name}", now], ("axis", 2)) : now;
}
