namespace StepDistill.Students.Weights;

/// <summary>How the numbers of a tensor lie in a file; the names are those of safetensors.</summary>
public enum WeightType
{
    /// <summary>32-bit floating point: what training and export work with.</summary>
    F32,

    /// <summary>16-bit floating point with 5 bits of exponent.</summary>
    F16,

    /// <summary>16-bit floating point with the exponent of <see cref="F32"/>.</summary>
    BF16,

    /// <summary>64-bit floating point.</summary>
    F64,

    /// <summary>64-bit signed whole numbers.</summary>
    I64,

    /// <summary>32-bit signed whole numbers.</summary>
    I32,

    /// <summary>16-bit signed whole numbers.</summary>
    I16,

    /// <summary>8-bit signed whole numbers.</summary>
    I8,

    /// <summary>8-bit unsigned whole numbers.</summary>
    U8,

    /// <summary>Truth values, one byte each.</summary>
    Bool,
}
