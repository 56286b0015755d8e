using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace StepDistill.Training.Kernels;

/// <summary>How numbers of one type lie in memory; kernels compute in float32 whatever the type.</summary>
/// <typeparam name="T">One number in memory.</typeparam>
internal unsafe interface IElement<T>
    where T : unmanaged
{
    /// <summary>Reads 16 numbers.</summary>
    static abstract Vector512<float> Load(T* from);

    /// <summary>Writes 16 numbers.</summary>
    static abstract void Store(T* to, Vector512<float> value);

    /// <summary>Reads one number.</summary>
    static abstract float Get(T value);

    /// <summary>The nearest number of the type.</summary>
    static abstract T Of(float value);
}

/// <summary>Numbers of IEEE's single precision.</summary>
internal readonly unsafe struct Float32 : IElement<float>
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Load(float* from) => Vector512.Load(from);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(float* to, Vector512<float> value) => value.Store(to);

    public static float Get(float value) => value;

    public static float Of(float value) => value;
}

/// <summary>The upper half of a float32: its range with 8 bits of precision. Rounded to nearest, ties to even.</summary>
/// <remarks>A NaN stays one if it is quiet, as arithmetic makes them.</remarks>
internal readonly unsafe struct BFloat16 : IElement<ushort>
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Load(ushort* from) => (Widen(Vector256.Load(from)) << 16).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(ushort* to, Vector512<float> value)
    {
        var bits = value.AsUInt32();
        var odd = (bits >>> 16) & Vector512<uint>.One;
        Narrow((bits + Vector512.Create(0x7FFFu) + odd) >>> 16).Store(to);
    }

    public static float Get(ushort value) => BitConverter.UInt32BitsToSingle((uint)value << 16);

    public static ushort Of(float value)
    {
        var bits = BitConverter.SingleToUInt32Bits(value);
        return (ushort)((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<uint> Widen(Vector256<ushort> value)
    {
        if (Avx512F.IsSupported)
        {
            return Avx512F.ConvertToVector512UInt32(value);
        }

        var (lower, upper) = Vector256.Widen(value);
        return Vector512.Create(lower, upper);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<ushort> Narrow(Vector512<uint> value) => Avx512F.IsSupported
        ? Avx512F.ConvertToVector256UInt16(value)
        : Vector256.Narrow(value.GetLower(), value.GetUpper());
}

/// <summary>What both types share: the ends of rows that are no multiple of 16 long.</summary>
internal static unsafe class Element
{
    /// <summary>Numbers in one vector.</summary>
    public const int Lanes = 16;

    /// <summary>Reads the numbers that are left of a row, at most 16; zeros beyond.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Load<T, TElement>(T* from, int left)
        where T : unmanaged
        where TElement : IElement<T> => left >= Lanes ? TElement.Load(from) : LoadEnd<T, TElement>(from, left);

    /// <summary>Writes as many numbers as are left of a row, at most 16.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store<T, TElement>(T* to, Vector512<float> value, int left)
        where T : unmanaged
        where TElement : IElement<T>
    {
        if (left >= Lanes)
        {
            TElement.Store(to, value);
        }
        else
        {
            StoreEnd<T, TElement>(to, value, left);
        }
    }

    /// <summary>Reads 16-bit patterns, at most 16; zeros beyond.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<uint> LoadBits(ushort* from, int left) => Load<ushort, BFloat16>(from, left).AsUInt32() >>> 16;

    /// <summary>Writes as many 16-bit patterns as are left, at most 16.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreBits(ushort* to, Vector512<uint> bits, int left)
    {
        if (left >= Lanes)
        {
            BFloat16.Narrow(bits).Store(to);
            return;
        }

        for (var i = 0; i < left; i++)
        {
            to[i] = (ushort)bits[i];
        }
    }

    /// <summary>A length rounded up to whole vectors.</summary>
    public static int WholeVectors(int length) => (length + Lanes - 1) / Lanes * Lanes;

    private static Vector512<float> LoadEnd<T, TElement>(T* from, int left)
        where T : unmanaged
        where TElement : IElement<T>
    {
        var whole = stackalloc T[Lanes];
        for (var i = 0; i < Lanes; i++)
        {
            whole[i] = i < left ? from[i] : default;
        }

        return TElement.Load(whole);
    }

    private static void StoreEnd<T, TElement>(T* to, Vector512<float> value, int left)
        where T : unmanaged
        where TElement : IElement<T>
    {
        var whole = stackalloc T[Lanes];
        TElement.Store(whole, value);
        for (var i = 0; i < left; i++)
        {
            to[i] = whole[i];
        }
    }
}
