using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using StepDistill.Training.Kernels;
using StepDistill.Training.Models;

namespace StepDistill.Training.Optimization;

/// <summary>How full-precision weights lie in a <see cref="WeightMemory"/> of one type on a processor.</summary>
/// <typeparam name="T">What one weight takes in the memory that the network computes with.</typeparam>
internal unsafe interface IFullWeight<T>
    where T : unmanaged
{
    /// <summary>Reads as many weights as are left of a stretch, at most 16.</summary>
    /// <param name="values">The memory's <see cref="WeightMemory.Values"/>.</param>
    /// <param name="rests">Its <see cref="WeightMemory.Rests"/>; null where it has none.</param>
    /// <param name="at">The first weight.</param>
    /// <param name="left">How many are left.</param>
    static abstract Vector512<float> Load(T* values, ushort* rests, long at, int left);

    /// <summary>Writes them: what the network computes with, and what that leaves out.</summary>
    /// <param name="values">As in <see cref="Load"/>.</param>
    /// <param name="rests">As in <see cref="Load"/>.</param>
    /// <param name="at">The first weight.</param>
    /// <param name="weight">The new numbers.</param>
    /// <param name="left">How many are left.</param>
    static abstract void Store(T* values, ushort* rests, long at, Vector512<float> weight, int left);
}

/// <summary>Weights that the network computes with as they are.</summary>
internal readonly unsafe struct FullFloat32 : IFullWeight<float>
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Load(float* values, ushort* rests, long at, int left) =>
        Element.Load<float, Float32>(values + at, left);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(float* values, ushort* rests, long at, Vector512<float> weight, int left) =>
        Element.Store<float, Float32>(values + at, weight, left);
}

/// <summary>Weights that the network computes with in bfloat16, their lower halves beside them.</summary>
internal readonly unsafe struct RoundedAndRest : IFullWeight<ushort>
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Load(ushort* values, ushort* rests, long at, int left) =>
        WeightMemory.Whole(Element.LoadBits(values + at, left), Element.LoadBits(rests + at, left));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(ushort* values, ushort* rests, long at, Vector512<float> weight, int left)
    {
        var bits = weight.AsUInt32();
        Element.StoreBits(values + at, (bits + Vector512.Create(0x8000u)) >>> 16, left);
        Element.StoreBits(rests + at, bits & Vector512.Create(0xFFFFu), left);
    }
}
