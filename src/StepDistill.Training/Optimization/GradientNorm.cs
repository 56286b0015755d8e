using System.Runtime.Intrinsics;
using StepDistill.Training.Kernels;
using static TorchSharp.torch;

namespace StepDistill.Training.Optimization;

/// <summary>The length of the whole gradient, and what clipping makes of it.</summary>
internal static unsafe class GradientNorm
{
    /// <summary>The sum of squares of a flat tensor, in float32 over short stretches and in double over those.</summary>
    /// <param name="gradients">Contiguous float32 or bfloat16 on the CPU.</param>
    public static double SumOfSquares(Tensor gradients) => gradients.dtype == ScalarType.BFloat16
        ? SumOfSquares<ushort, BFloat16>(gradients)
        : SumOfSquares<float, Float32>(gradients);

    /// <summary>What gradients are multiplied by so that their norm does not pass a limit.</summary>
    /// <param name="norm">The norm.</param>
    /// <param name="limit">The limit; 0 for none.</param>
    /// <remarks>PyTorch's <c>clip_grad_norm_</c>: min(1, limit / (norm + 1e-6)).</remarks>
    public static double Scale(double norm, double limit) => limit > 0 ? Math.Min(1, limit / (norm + 1e-6)) : 1;

    private static double SumOfSquares<T, TElement>(Tensor gradients)
        where T : unmanaged
        where TElement : IElement<T>
    {
        const int stretch = 1 << 10;
        var data = FlatTensor.Pointer<T>(gradients);
        var length = gradients.numel();
        var sums = new double[Cores.Pieces(length, 1)];
        Cores.ForEachRange(length, 1, (start, count, piece) =>
        {
            var total = 0.0;
            for (var from = start; from < start + count; from += stretch)
            {
                var squares = Vector512<float>.Zero;
                var end = Math.Min(from + stretch, start + count);
                for (var i = from; i < end; i += Element.Lanes)
                {
                    var g = Element.Load<T, TElement>(data + i, (int)Math.Min(Element.Lanes, end - i));
                    squares = Vector512.FusedMultiplyAdd(g, g, squares);
                }

                total += Vector512.Sum(squares);
            }

            sums[piece] = total;
        });
        return sums.Sum();
    }
}
