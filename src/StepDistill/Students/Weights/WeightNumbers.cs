using System.Runtime.InteropServices;

namespace StepDistill.Students.Weights;

/// <summary>Turns the bytes of a tensor into numbers and back.</summary>
public static class WeightNumbers
{
    /// <summary>Bytes that one number takes.</summary>
    /// <param name="type">How it lies in the file.</param>
    public static int SizeOf(WeightType type) => type switch
    {
        WeightType.F64 or WeightType.I64 => 8,
        WeightType.F32 or WeightType.I32 => 4,
        WeightType.F16 or WeightType.BF16 or WeightType.I16 => 2,
        _ => 1,
    };

    /// <summary>Whether numbers of a type are floating point, and so may be weights.</summary>
    /// <param name="type">The type.</param>
    public static bool IsFloating(WeightType type) =>
        type is WeightType.F32 or WeightType.F16 or WeightType.BF16 or WeightType.F64;

    /// <summary>Reads floating-point numbers. Exact for all but <see cref="WeightType.F64"/>, which is rounded to the nearest.</summary>
    /// <param name="bytes">Little-endian bytes, as many as <paramref name="values"/> take in this type.</param>
    /// <param name="type">A floating-point type.</param>
    /// <param name="values">Where the numbers go.</param>
    /// <exception cref="ArgumentException">The lengths do not agree, or the type is not floating point.</exception>
    public static void ToFloats(ReadOnlySpan<byte> bytes, WeightType type, Span<float> values)
    {
        Check(bytes.Length, type, values.Length);
        switch (type)
        {
            case WeightType.F32:
                MemoryMarshal.Cast<byte, float>(bytes).CopyTo(values);
                break;
            case WeightType.F64:
                var doubles = MemoryMarshal.Cast<byte, double>(bytes);
                for (var i = 0; i < values.Length; i++)
                {
                    values[i] = (float)doubles[i];
                }

                break;
            case WeightType.F16:
                var halves = MemoryMarshal.Cast<byte, Half>(bytes);
                for (var i = 0; i < values.Length; i++)
                {
                    values[i] = (float)halves[i];
                }

                break;
            default:
                var brains = MemoryMarshal.Cast<byte, ushort>(bytes);
                for (var i = 0; i < values.Length; i++)
                {
                    values[i] = BitConverter.UInt32BitsToSingle((uint)brains[i] << 16);
                }

                break;
        }
    }

    /// <summary>Writes numbers in a floating-point type, each rounded to the nearest that it has (ties to even).</summary>
    /// <param name="values">The numbers.</param>
    /// <param name="type">A floating-point type.</param>
    /// <param name="bytes">Where the little-endian bytes go, as many as the numbers take in this type.</param>
    /// <exception cref="ArgumentException">The lengths do not agree, or the type is not floating point.</exception>
    public static void FromFloats(ReadOnlySpan<float> values, WeightType type, Span<byte> bytes)
    {
        Check(bytes.Length, type, values.Length);
        switch (type)
        {
            case WeightType.F32:
                MemoryMarshal.AsBytes(values).CopyTo(bytes);
                break;
            case WeightType.F64:
                var doubles = MemoryMarshal.Cast<byte, double>(bytes);
                for (var i = 0; i < values.Length; i++)
                {
                    doubles[i] = values[i];
                }

                break;
            case WeightType.F16:
                var halves = MemoryMarshal.Cast<byte, Half>(bytes);
                for (var i = 0; i < values.Length; i++)
                {
                    halves[i] = (Half)values[i];
                }

                break;
            default:
                var brains = MemoryMarshal.Cast<byte, ushort>(bytes);
                for (var i = 0; i < values.Length; i++)
                {
                    brains[i] = ToBFloat16(values[i]);
                }

                break;
        }
    }

    private static ushort ToBFloat16(float value)
    {
        var bits = BitConverter.SingleToUInt32Bits(value);
        // Adding just under half of the last kept bit, and one more where that bit is odd, rounds ties to even. It
        // would turn some not-a-numbers into infinity, so those keep their upper bits and one that marks them.
        return float.IsNaN(value)
            ? (ushort)((bits >> 16) | 0x40)
            : (ushort)((bits + 0x7fff + ((bits >> 16) & 1)) >> 16);
    }

    private static void Check(int bytes, WeightType type, int values)
    {
        if (!IsFloating(type))
        {
            throw new ArgumentException($"{type} is not a floating-point type.", nameof(type));
        }

        if (bytes != (long)values * SizeOf(type))
        {
            throw new ArgumentException($"{values} numbers of {type} take {(long)values * SizeOf(type)} bytes, not {bytes}.");
        }
    }
}
