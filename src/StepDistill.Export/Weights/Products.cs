using StepDistill.Export.Onnx;

namespace StepDistill.Export.Weights;

/// <summary>Writes products with weights into a graph, in one precision.</summary>
internal abstract class Products
{
    public static Products In(ExportPrecision precision) => precision switch
    {
        ExportPrecision.Float32 => new PlainProducts(),
        ExportPrecision.Int8 => new DynamicProducts(),
        ExportPrecision.Q8 => new BlockProducts(8),
        ExportPrecision.Q4 => new BlockProducts(4),
        _ => throw new ArgumentOutOfRangeException(nameof(precision), precision, "There is no such precision."),
    };

    /// <summary>x·Wᵀ. [B, N, K] → [B, N, outputs]</summary>
    public abstract string Linear(OnnxGraph graph, string x, Matrix weights);

    /// <summary>Rows of a table. [B, N] int64 → [B, N, K]; here in 8 bits with a scale a row, whatever the products have.</summary>
    public virtual string Rows(OnnxGraph graph, string ids, Matrix table)
    {
        var bytes = graph.Tensor(new($"{table.Name}/rows", OnnxType.Int8, [table.Outputs, table.Inputs], () => AsBytes(table.RowBytes())));
        var scales = graph.Tensor(OnnxTensor.Floats($"{table.Name}/row_scales", [table.Outputs, 1], table.RowScales));
        var row = graph.Add("Cast", [graph.Add("Gather", [bytes, ids])], ("to", (long)OnnxType.Float32));
        return graph.Add("Mul", [row, graph.Add("Gather", [scales, ids])]);
    }

    protected static byte[] AsBytes(sbyte[] values) => System.Runtime.InteropServices.MemoryMarshal.AsBytes<sbyte>(values).ToArray();
}
