using StepDistill.Export.Onnx;
using StepDistill.Export.Weights;
using StepDistill.Students;

namespace StepDistill.Export.Graphs;

/// <summary>The decoder, with what it remembers of earlier tokens going in and out.</summary>
/// <remarks>
/// Inputs and outputs as Hugging Face's exporter names and orders them. For our own programs there is one input more,
/// <see cref="StudentGraphs.Offsets"/>, which lets several texts that begin alike be scored in one pass, as a trie.
/// </remarks>
internal sealed class DecoderGraph
{
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
    /// <remarks>
    /// Each block asks twice, for its own tokens and for the input's. Hugging Face's exporter asks once, around everything:
    /// ONNX Runtime then keeps the weights, rearranged for its kernels, once for each branch.
    /// </remarks>
    /// <param name="weights">The student's.</param>
    /// <param name="precision">In which numbers.</param>
    /// <param name="tries">Whether to have <see cref="StudentGraphs.Offsets"/>.</param>
    public static OnnxGraph Merged(StudentMatrices weights, ExportPrecision precision, bool tries = false)
    {
        var decoder = new DecoderGraph(weights, precision);
        var graph = new OnnxGraph("decoder");
        decoder.AddInputs(graph, encoded: true, remembered: true);
        var cached = graph.Input(new("use_cache_branch", OnnxType.Bool, 1));
        decoder.Build(graph, Pass.Either, cached, tries ? graph.Input(new(StudentGraphs.Offsets, OnnxType.Int64, "texts", "queries", "keys")) : null);
        return graph;
    }

    /// <summary>The first pass alone.</summary>
    public static OnnxGraph First(StudentMatrices weights, ExportPrecision precision)
    {
        var decoder = new DecoderGraph(weights, precision);
        var graph = new OnnxGraph("decoder");
        decoder.AddInputs(graph, encoded: true, remembered: false);
        decoder.Build(graph, Pass.First, "", null);
        return graph;
    }

    /// <summary>The later passes alone, which need the encoded input no more.</summary>
    public static OnnxGraph Later(StudentMatrices weights, ExportPrecision precision)
    {
        var decoder = new DecoderGraph(weights, precision);
        var graph = new OnnxGraph("decoder_with_past");
        decoder.AddInputs(graph, encoded: false, remembered: true);
        decoder.Build(graph, Pass.Later, "", null);
        return graph;
    }

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

    private void Build(OnnxGraph graph, Pass pass, string cached, string? offsets)
    {
        var layers = new Layers(graph, weights, products);
        var before = pass switch
        {
            Pass.First => graph.Long(0),
            Pass.Later => layers.Size("past_key_values.0.decoder.key", 2),
            // Whoever begins may give memories of any size: they are not looked at.
            _ => graph.Add("Mul", [
                layers.Size("past_key_values.0.decoder.key", 2),
                graph.Add("Cast", [graph.Add("Squeeze", [cached])], ("to", (long)OnnxType.Int64))]),
        };
        var all = graph.Add("Add", [before, layers.Size("input_ids", 1)]);
        var distances = graph.Add("Sub", [layers.Places(graph.Long(0), all, areKeys: true), layers.Places(before, all, areKeys: false)]);
        var near = layers.PositionScores(
            offsets is null ? distances : graph.Add("Add", [distances, offsets]), "decoder.block.0.layer.0.SelfAttention.relative_attention_bias.weight", bothDirections: false);
        var padding = layers.MaskScores("encoder_attention_mask");

        var x = layers.Embed("input_ids");                                                              // [B, Q, D]
        for (var block = 0; block < config.DecoderBlocks; block++)
        {
            var (self, cross, last) = ($"decoder.block.{block}.layer.0", $"decoder.block.{block}.layer.1", $"decoder.block.{block}.layer.2");
            var heads = layers.SelfHeads(layers.Norm(x, $"{self}.layer_norm.weight"), $"{self}.SelfAttention");
            var (keys, values) = Extend(graph, pass, cached, block, heads.Keys, heads.Values);
            x = layers.Add(x, layers.Joined(layers.Attend(heads.Queries, keys, values, near), $"{self}.SelfAttention"));

            var queries = layers.QueryHeads(layers.Norm(x, $"{cross}.layer_norm.weight"), $"{cross}.EncDecAttention");
            var seen = See(graph, pass, cached, block, queries, padding, $"{cross}.EncDecAttention");
            x = layers.Add(x, layers.Joined(seen, $"{cross}.EncDecAttention"));
            x = layers.Add(x, layers.FeedForward(layers.Norm(x, $"{last}.layer_norm.weight"), $"{last}.DenseReluDense"));
        }

        x = layers.Norm(x, "decoder.final_layer_norm.weight");
        if (config.TiedEmbeddings)
        {
            x = graph.Add("Mul", [x, graph.Float(1 / MathF.Sqrt(config.Width))]);
        }

        var logits = products.Linear(graph, x, weights.Head);                                           // [B, Q, V]
        graph.Output(new("logits", OnnxType.Float32, "batch_size", "decoder_sequence_length", config.VocabularySize), logits);
        for (var block = 0; block < config.DecoderBlocks; block++)
        {
            foreach (var part in pass == Pass.Later ? new[] { "decoder" } : ["decoder", "encoder"])
            {
                foreach (var what in new[] { "key", "value" })
                {
                    graph.Output(new(
                        $"present.{block}.{part}.{what}", OnnxType.Float32,
                        part == "decoder" ? "batch_size" : "batch_size_or_none", config.Heads, $"{part}_sequence_length_out", config.HeadWidth));
                }
            }
        }
    }

    /// <summary>The new tokens' keys and values, behind those of earlier ones. Two of [B, H, Q, A] → two of [B, H, K, A]</summary>
    private static (string Keys, string Values) Extend(OnnxGraph graph, Pass pass, string cached, int block, string keys, string values)
    {
        string[] names = [$"present.{block}.decoder.key", $"present.{block}.decoder.value"];
        void Remember(OnnxGraph into, string[] results)
        {
            into.AddNamed("Concat", [$"past_key_values.{block}.decoder.key", keys], [results[0]], ("axis", 2));
            into.AddNamed("Concat", [$"past_key_values.{block}.decoder.value", values], [results[1]], ("axis", 2));
        }

        void Begin(OnnxGraph into, string[] results)
        {
            into.AddNamed("Identity", [keys], [results[0]]);
            into.AddNamed("Identity", [values], [results[1]]);
        }

        Choose(graph, pass, cached, $"extend_{block}", names, Remember, Begin);
        return (names[0], names[1]);
    }

    /// <summary>What the queries gather from the encoded input. [B, H, Q, A] → [B, H, Q, A]</summary>
    private string See(OnnxGraph graph, Pass pass, string cached, int block, string queries, string padding, string layer)
    {
        var seen = $"seen_{block}";
        string[] names = pass == Pass.Later ? [seen] : [seen, $"present.{block}.encoder.key", $"present.{block}.encoder.value"];
        void Remember(OnnxGraph into, string[] results)
        {
            var layers = new Layers(into, weights, products);
            into.AddNamed(
                "Identity", [layers.Attend(queries, $"past_key_values.{block}.encoder.key", $"past_key_values.{block}.encoder.value", padding)],
                [results[0]]);

            // What the encoder gave does not change, and whoever holds it need not get it again.
            foreach (var result in results[1..])
            {
                into.AddNamed("Identity", [into.Tensor(OnnxTensor.Floats("nothing", [0, config.Heads, 1, config.HeadWidth], () => []))], [result]);
            }
        }

        void Begin(OnnxGraph into, string[] results)
        {
            var layers = new Layers(into, weights, products);
            var (keys, values) = layers.EncodedHeads("encoder_hidden_states", layer);
            into.AddNamed("Identity", [layers.Attend(queries, keys, values, padding)], [results[0]]);
            into.AddNamed("Identity", [keys], [results[1]]);
            into.AddNamed("Identity", [values], [results[2]]);
        }

        Choose(graph, pass, cached, $"see_{block}", names, Remember, Begin);
        return seen;
    }

    /// <summary>Writes one of two ways into the graph, or both with a question before them.</summary>
    private static void Choose(
        OnnxGraph graph, Pass pass, string cached, string name, string[] results, Action<OnnxGraph, string[]> later, Action<OnnxGraph, string[]> first)
    {
        if (pass != Pass.Either)
        {
            (pass == Pass.Later ? later : first)(graph, results);
            return;
        }

        var (then, otherwise) = (graph.Branch($"{name}/later"), graph.Branch($"{name}/first"));
        foreach (var (branch, write) in new[] { (then, later), (otherwise, first) })
        {
            var inner = results.Select(result => $"{branch.Name}/{result}").ToArray();
            write(branch, inner);
            foreach (var result in inner)
            {
                branch.Output(new(result, OnnxType.Float32, "b", "h", "n", "a"));
            }
        }

        graph.AddNamed("If", [cached], results, ("then_branch", then), ("else_branch", otherwise));
    }

    /// <summary>Which passes a graph is for.</summary>
    private enum Pass
    {
        First,
        Later,
        Either,
    }
}
