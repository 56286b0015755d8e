using StepDistill.Export.Onnx;

namespace StepDistill.Export.Weights;

/// <summary>Products of 8-bit numbers: weights with a scale a column, activations with one of their own each time.</summary>
/// <remarks>ONNX Runtime joins these operations into one (<c>DynamicQuantizeMatMul</c>).</remarks>
internal sealed class DynamicProducts : Products
{
    public override string Linear(OnnxGraph graph, string x, Matrix weights)
    {
        var bytes = graph.Tensor(new(
            $"{weights.Name}/bytes", OnnxType.Int8, [weights.Inputs, weights.Outputs], () => AsBytes(Transposed(weights))));
        var scales = graph.Tensor(OnnxTensor.Floats($"{weights.Name}/scales", [weights.Outputs], weights.RowScales));
        var small = graph.AddMany("DynamicQuantizeLinear", 3, [x], []);                                  // bytes, scale, zero
        var sums = graph.Add("Cast", [graph.Add("MatMulInteger", [small[0], bytes, small[2]])], ("to", (long)OnnxType.Float32));
        return graph.Add("Mul", [sums, graph.Add("Mul", [small[1], scales])]);
    }

    private static sbyte[] Transposed(Matrix weights)
    {
        var rows = weights.RowBytes();
        var columns = new sbyte[rows.Length];
        for (var output = 0; output < weights.Outputs; output++)
        {
            for (var input = 0; input < weights.Inputs; input++)
            {
                columns[(input * weights.Outputs) + output] = rows[(output * weights.Inputs) + input];
            }
        }

        return columns;
    }
}
