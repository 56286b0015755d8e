using System.Runtime.InteropServices;

namespace StepDistill.Export.Onnx;

/// <summary>A tensor that a model file holds.</summary>
/// <param name="Name">Unique in the file.</param>
/// <param name="Type">Of its numbers.</param>
/// <param name="Shape">Outermost dimension first; empty for a single number.</param>
/// <param name="Content">Makes its bytes, little-endian, when they are written: one tensor is held at a time.</param>
internal sealed record OnnxTensor(string Name, OnnxType Type, IReadOnlyList<long> Shape, Func<byte[]> Content)
{
    /// <summary>How many bytes <see cref="Content"/> makes.</summary>
    public long ByteCount => Shape.Aggregate(1L, (product, size) => checked(product * size)) * Type switch
    {
        OnnxType.Float32 => 4,
        OnnxType.Int64 => 8,
        _ => 1,
    };

    public static OnnxTensor Floats(string name, IReadOnlyList<long> shape, Func<float[]> values) =>
        new(name, OnnxType.Float32, shape, () => MemoryMarshal.AsBytes<float>(values()).ToArray());

    public static OnnxTensor Longs(string name, IReadOnlyList<long> shape, params long[] values) =>
        new(name, OnnxType.Int64, shape, () => MemoryMarshal.AsBytes<long>(values).ToArray());
}
