using System.Diagnostics.CodeAnalysis;

namespace StepDistill.Export;

/// <summary>In which numbers an exported student keeps its weights.</summary>
[SuppressMessage("Naming", "CA1720", Justification = "The field's own names, which users type.")]
public enum ExportPrecision
{
    /// <summary>32-bit numbers, as trained.</summary>
    Float32,

    /// <summary>8 bits a weight, one scale a column; activations become 8 bits as they come (dynamic quantisation).</summary>
    Int8,

    /// <summary>8 bits a weight, one scale for each block of 32 (ONNX Runtime's <c>MatMulNBits</c>).</summary>
    Q8,

    /// <summary>4 bits a weight, one scale for each block of 32 (ONNX Runtime's <c>MatMulNBits</c>).</summary>
    Q4,
}
