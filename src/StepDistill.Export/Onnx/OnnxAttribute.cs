namespace StepDistill.Export.Onnx;

/// <summary>A setting of a node.</summary>
/// <param name="Name">As the operator calls it.</param>
/// <param name="Value">A <see cref="long"/>, <see cref="float"/>, <see cref="string"/>, list of <see cref="long"/>, or a graph.</param>
internal sealed record OnnxAttribute(string Name, object Value)
{
    public static implicit operator OnnxAttribute((string Name, long Value) pair) => new(pair.Name, pair.Value);

    public static implicit operator OnnxAttribute((string Name, long[] Value) pair) => new(pair.Name, pair.Value);

    public static implicit operator OnnxAttribute((string Name, OnnxGraph Value) pair) => new(pair.Name, pair.Value);
}
