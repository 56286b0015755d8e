using StepDistill.Export.Onnx;
using StepDistill.Export.Weights;

namespace StepDistill.Export.Graphs;

/// <summary>The encoder: <c>input_ids</c>, <c>attention_mask</c> → <c>last_hidden_state</c>.</summary>
internal static class EncoderGraph
{
    /// <summary>Builds it, with the names that Hugging Face's exporter gives.</summary>
    public static OnnxGraph Build(StudentMatrices weights, ExportPrecision precision)
    {
        var graph = new OnnxGraph("encoder");
        var layers = new Layers(graph, weights, Products.In(precision));
        var ids = graph.Input(new("input_ids", OnnxType.Int64, "batch_size", "encoder_sequence_length"));
        var mask = graph.Input(new("attention_mask", OnnxType.Int64, "batch_size", "encoder_sequence_length"));

        var length = layers.Size(ids, 1);
        var distances = graph.Add("Sub", [
            layers.Places(graph.Long(0), length, areKeys: true), layers.Places(graph.Long(0), length, areKeys: false)]);     // [1, K, K]
        var scores = layers.Add(
            layers.PositionScores(distances, "encoder.block.0.layer.0.SelfAttention.relative_attention_bias.weight", bothDirections: true),
            layers.MaskScores(mask));                                                                   // [B, H, K, K]

        var x = layers.Embed(ids);                                                                      // [B, K, D]
        for (var block = 0; block < weights.Config.EncoderBlocks; block++)
        {
            var (attention, feedForward) = ($"encoder.block.{block}.layer.0", $"encoder.block.{block}.layer.1");
            var heads = layers.SelfHeads(layers.Norm(x, $"{attention}.layer_norm.weight"), $"{attention}.SelfAttention");
            x = layers.Add(x, layers.Joined(layers.Attend(heads.Queries, heads.Keys, heads.Values, scores), $"{attention}.SelfAttention"));
            x = layers.Add(x, layers.FeedForward(layers.Norm(x, $"{feedForward}.layer_norm.weight"), $"{feedForward}.DenseReluDense"));
        }

        graph.Output(
            new("last_hidden_state", OnnxType.Float32, "batch_size", "encoder_sequence_length", weights.Config.Width),
            layers.Norm(x, "encoder.final_layer_norm.weight"));
        return graph;
    }
}
