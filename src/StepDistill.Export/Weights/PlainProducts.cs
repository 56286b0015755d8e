using StepDistill.Export.Onnx;

namespace StepDistill.Export.Weights;

/// <summary>Products in float32.</summary>
internal sealed class PlainProducts : Products
{
    public override string Linear(OnnxGraph graph, string x, Matrix weights) => graph.Add("MatMul", [x, graph.Tensor(
        OnnxTensor.Floats($"{weights.Name}/transposed", [weights.Inputs, weights.Outputs], weights.ReadTransposed))]);

    public override string Rows(OnnxGraph graph, string ids, Matrix table) => graph.Add("Gather", [graph.Tensor(
        OnnxTensor.Floats(table.Name, [table.Outputs, table.Inputs], table.Read)), ids]);
}
