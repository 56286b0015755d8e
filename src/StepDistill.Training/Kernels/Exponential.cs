using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace StepDistill.Training.Kernels;

/// <summary>eˣ of sixteen numbers at once, in float32.</summary>
internal static class Exponential
{
    /// <summary>eˣ, to 2 units in the last place; 0 below −87, and what e⁸⁸ is above 88.</summary>
    /// <remarks>
    /// x = k·ln 2 + r with |r| ≤ ½·ln 2; eʳ by the polynomial of Cephes' <c>expf</c> (Moshier), and k into the exponent.
    /// </remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Of(Vector512<float> x)
    {
        // The constant comes first: on x86 the second operand is what is left of a NaN, so that it is not lost.
        var clamped = Vector512.MinNative(Vector512.Create(88f), Vector512.MaxNative(Vector512.Create(-87.33f), x));
        var k = Vector512.Round(clamped * 1.44269504f);
        var r = Vector512.FusedMultiplyAdd(k, Vector512.Create(-0.693359375f), clamped);
        r = Vector512.FusedMultiplyAdd(k, Vector512.Create(2.12194440e-4f), r);

        var p = Vector512.Create(1.9875691500e-4f);
        p = Vector512.FusedMultiplyAdd(p, r, Vector512.Create(1.3981999507e-3f));
        p = Vector512.FusedMultiplyAdd(p, r, Vector512.Create(8.3334519073e-3f));
        p = Vector512.FusedMultiplyAdd(p, r, Vector512.Create(4.1665795894e-2f));
        p = Vector512.FusedMultiplyAdd(p, r, Vector512.Create(1.6666665459e-1f));
        p = Vector512.FusedMultiplyAdd(p, r, Vector512.Create(5.0000001201e-1f));
        p = Vector512.FusedMultiplyAdd(p, r * r, r + Vector512<float>.One);

        var power = (Vector512.ConvertToInt32Native(k) + Vector512.Create(127)) << 23;
        return Vector512.ConditionalSelect(
            Vector512.LessThan(x, Vector512.Create(-87.33f)), Vector512<float>.Zero, p * power.AsSingle());
    }
}
