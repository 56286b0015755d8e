using StepDistill.Export.Onnx;
using StepDistill.Export.Weights;
using StepDistill.Students;

namespace StepDistill.Export.Graphs;

/// <summary>The parts of a T5 as operations of ONNX.</summary>
/// <remarks>
/// B inputs, Q queries, K keys, D width, H heads, A width of a head, F inner width. Roots and GELU are written in the forms that
/// ONNX Runtime knows and joins into single operations. Nothing is divided by √A: a T5 has that in its weights.
/// </remarks>
internal sealed class Layers(OnnxGraph graph, StudentMatrices weights, Products products)
{
    private readonly T5Config config = weights.Config;

    private int Inner => config.Heads * config.HeadWidth;

    /// <summary>[B, N] int64 → [B, N, D]</summary>
    public string Embed(string ids) => products.Rows(graph, ids, weights.Embedding);

    /// <summary>x over the root of its mean square, scaled. [B, N, D] → [B, N, D]</summary>
    public string Norm(string x, string name)
    {
        var mean = graph.Add("ReduceMean", [graph.Add("Pow", [x, graph.Float(2)])], ("axes", [-1L]), ("keepdims", 1));
        var root = graph.Add("Sqrt", [graph.Add("Add", [mean, graph.Float((float)config.NormEpsilon)])]);
        var scale = graph.Tensor(OnnxTensor.Floats(name, [config.Width], () => weights.Vector(name, config.Width)));
        return graph.Add("Mul", [scale, graph.Add("Div", [x, root])]);
    }

    /// <summary>What is added to x by its feed-forward part. [B, N, D] → [B, N, D]</summary>
    /// <param name="x">The normed state.</param>
    /// <param name="layer">The published name up to <c>DenseReluDense</c>.</param>
    public string FeedForward(string x, string layer)
    {
        var (width, inner) = (config.Width, config.FeedForwardWidth);
        var output = weights.Of($"{layer}.wo.weight", width, inner);
        if (config.FeedForward == T5FeedForwardKind.Relu)
        {
            var opened = products.Linear(graph, x, weights.Of($"{layer}.wi.weight", inner, width));
            return products.Linear(graph, graph.Add("Relu", [opened]), output);
        }

        var both = products.Linear(graph, x, weights.Joined($"{layer}.wi", inner, width, $"{layer}.wi_0.weight", $"{layer}.wi_1.weight"));
        var parts = graph.AddMany("Split", 2, [both, graph.Longs(inner, inner)], [("axis", -1)]);
        var gate = config.FeedForward == T5FeedForwardKind.GatedSilu
            ? graph.Add("Mul", [parts[0], graph.Add("Sigmoid", [parts[0]])])
            : Gelu(parts[0]);
        return products.Linear(graph, graph.Add("Mul", [gate, parts[1]]), output);
    }

    /// <summary>Queries, keys and values of the same states. [B, N, D] → three of [B, H, N, A]</summary>
    public (string Queries, string Keys, string Values) SelfHeads(string x, string layer)
    {
        var all = products.Linear(graph, x, weights.Joined(
            $"{layer}.qkv", Inner, config.Width, $"{layer}.q.weight", $"{layer}.k.weight", $"{layer}.v.weight"));
        var parts = graph.AddMany("Split", 3, [all, graph.Longs(Inner, Inner, Inner)], [("axis", -1)]);
        return (Heads(parts[0]), Heads(parts[1]), Heads(parts[2]));
    }

    /// <summary>Queries alone. [B, Q, D] → [B, H, Q, A]</summary>
    public string QueryHeads(string x, string layer) =>
        Heads(products.Linear(graph, x, weights.Of($"{layer}.q.weight", Inner, config.Width)));

    /// <summary>Keys and values of the encoded input. [B, K, D] → two of [B, H, K, A]</summary>
    public (string Keys, string Values) EncodedHeads(string encoded, string layer)
    {
        var both = products.Linear(graph, encoded, weights.Joined(
            $"{layer}.kv", Inner, config.Width, $"{layer}.k.weight", $"{layer}.v.weight"));
        var parts = graph.AddMany("Split", 2, [both, graph.Longs(Inner, Inner)], [("axis", -1)]);
        return (Heads(parts[0]), Heads(parts[1]));
    }

    /// <summary>What queries gather from values. [B, H, Q, A], two of [B, H, K, A] → [B, H, Q, A]</summary>
    /// <param name="queries">[B, H, Q, A]</param>
    /// <param name="keys">[B, H, K, A]</param>
    /// <param name="values">[B, H, K, A]</param>
    /// <param name="scores">What is added to each query's score for each key, broadcast to [B, H, Q, K].</param>
    public string Attend(string queries, string keys, string values, string scores)
    {
        var turned = graph.Add("Transpose", [keys], ("perm", [0L, 1, 3, 2]));                           // [B, H, A, K]
        var shares = graph.Add("Softmax", [graph.Add("Add", [graph.Add("MatMul", [queries, turned]), scores])], ("axis", -1));
        return graph.Add("MatMul", [shares, values]);
    }

    /// <summary>What the heads gathered, side by side and mapped. [B, H, Q, A] → [B, Q, D]</summary>
    /// <param name="gathered">[B, H, Q, A]</param>
    /// <param name="layer">The published name up to the attention.</param>
    public string Joined(string gathered, string layer)
    {
        var turned = graph.Add("Transpose", [gathered], ("perm", [0L, 2, 1, 3]));                       // [B, Q, H, A]
        var joined = graph.Add("Reshape", [turned, graph.Longs(0, 0, Inner)]);
        return products.Linear(graph, joined, weights.Of($"{layer}.o.weight", config.Width, Inner));
    }

    /// <summary>Position scores by distance. distances [·, Q, K] int64 → [·, H, Q, K]</summary>
    /// <param name="distances">Key position minus query position.</param>
    /// <param name="name">The published table.</param>
    /// <param name="bothDirections">True in the encoder.</param>
    public string PositionScores(string distances, string name, bool bothDirections)
    {
        var far = config.PositionMaxDistance;
        var table = graph.Tensor(OnnxTensor.Floats(
            $"{name}/by_distance", [far + (bothDirections ? far : 1) + 1, config.Heads], () => weights.DistanceScores(name, bothDirections)));
        var clipped = graph.Add("Clip", [distances, graph.Long(-far), graph.Long(bothDirections ? far : 1)]);
        var scores = graph.Add("Gather", [table, graph.Add("Add", [clipped, graph.Long(far)])]);         // [·, Q, K, H]
        return graph.Add("Transpose", [scores], ("perm", [0L, 3, 1, 2]));
    }

    /// <summary>0 for real tokens, the lowest number for padding. [B, K] int64 → [B, 1, 1, K]</summary>
    public string MaskScores(string mask)
    {
        var open = graph.Add("Unsqueeze", [graph.Add("Cast", [mask], ("to", (long)OnnxType.Float32)), graph.Longs(1, 2)]);
        return graph.Add("Mul", [graph.Add("Sub", [graph.Float(1), open]), graph.Float(float.MinValue)]);
    }

    /// <summary>How many there are along a dimension, as one number.</summary>
    public string Size(string x, int axis) => graph.Add("Gather", [graph.Add("Shape", [x]), graph.Long(axis)]);

    /// <summary>Places a, a + 1, … b − 1 along a new dimension of three. → [1, N, 1] or [1, 1, N]</summary>
    public string Places(string from, string to, bool areKeys) =>
        graph.Add("Unsqueeze", [graph.Add("Range", [from, to, graph.Long(1)]), areKeys ? graph.Longs(0, 1) : graph.Longs(0, 2)]);

    public string Add(string one, string other) => graph.Add("Add", [one, other]);

    private string Heads(string x) => graph.Add(
        "Transpose", [graph.Add("Reshape", [x, graph.Longs(0, 0, config.Heads, config.HeadWidth)])], ("perm", [0L, 2, 1, 3]));

    // GELU by its tanh formula (Hendrycks and Gimpel 2016), which is the one that T5 v1.1 was trained with.
    private string Gelu(string x)
    {
        var cube = graph.Add("Mul", [graph.Float(0.044715f), graph.Add("Pow", [x, graph.Float(3)])]);
        var slope = graph.Add("Mul", [graph.Float(0.7978845608f), graph.Add("Add", [x, cube])]);
        var open = graph.Add("Add", [graph.Float(1), graph.Add("Tanh", [slope])]);
        return graph.Add("Mul", [graph.Add("Mul", [x, graph.Float(0.5f)]), open]);
    }
}
