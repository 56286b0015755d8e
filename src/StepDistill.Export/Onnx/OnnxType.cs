namespace StepDistill.Export.Onnx;

/// <summary>The numbers of a tensor; values as in onnx.proto, <c>TensorProto.DataType</c>.</summary>
internal enum OnnxType
{
    Float32 = 1,
    UInt8 = 2,
    Int8 = 3,
    Int64 = 7,
    Bool = 9,
}
