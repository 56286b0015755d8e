using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using StepDistill.Batches;

namespace StepDistill.Training.Kernels;

/// <summary>Which numbers dropout keeps: a pure function of a seed and a number's place, so that nothing is stored.</summary>
/// <remarks>
/// The backward pass asks again and gets the same answer. Each place is hashed with the seed by Wellons' "lowbias32",
/// the best two-round multiply–xorshift hash that he found (nullprogram.com/blog/2018/07/31).
/// </remarks>
internal readonly struct Dropout
{
    private readonly uint seed;
    private readonly uint threshold;

    private Dropout(uint seed, uint threshold, float scale)
    {
        this.seed = seed;
        this.threshold = threshold;
        Scale = scale;
    }

    /// <summary>Keeps everything.</summary>
    public static Dropout None { get; } = new(0, 0, 1);

    /// <summary>What kept numbers are multiplied by: 1 / (1 − rate).</summary>
    public float Scale { get; }

    /// <summary>Whether anything is dropped at all.</summary>
    public bool Drops => threshold != 0;

    /// <summary>Dropout of one layer in one step.</summary>
    /// <param name="rate">Share of numbers dropped, from 0 to below 1.</param>
    /// <param name="seed">Differs from layer to layer and from step to step.</param>
    public static Dropout Of(double rate, ulong seed) =>
        rate == 0 ? None : new((uint)new SplitMix64(seed).Next(), (uint)(rate * uint.MaxValue), (float)(1 / (1 - rate)));

    /// <summary>The factors of 16 numbers that stand together: 0, or <see cref="Scale"/>.</summary>
    /// <param name="place">Where the first of them stands.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Vector512<float> Factors(long place)
    {
        var high = (uint)((ulong)place >> 32) * 0x9E3779B9;
        var hash = (Vector512.Create((uint)place) + Vector512<uint>.Indices) ^ Vector512.Create(seed + high);
        hash = (hash ^ (hash >>> 16)) * 0x7feb352d;
        hash = (hash ^ (hash >>> 15)) * 0x846ca68b;
        hash ^= hash >>> 16;
        return Vector512.GreaterThanOrEqual(hash, Vector512.Create(threshold)).AsSingle() & Vector512.Create(Scale);
    }
}
