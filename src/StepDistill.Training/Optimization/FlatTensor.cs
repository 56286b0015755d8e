using System.Numerics;
using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace StepDistill.Training.Optimization;

/// <summary>A contiguous float32 tensor on the CPU as plain memory, in pieces that several cores can share.</summary>
internal static unsafe partial class FlatTensor
{
    // Small enough to balance two cores, large enough that a piece costs far more than handing it out. Fixed, so that
    // sums are added in the same order whatever the number of cores.
    private const int PieceLength = 1 << 16;

    /// <summary>The tensor's first element.</summary>
    /// <exception cref="ArgumentException">The tensor is not contiguous float32 memory on the CPU.</exception>
    public static float* Pointer(Tensor tensor)
    {
        if (tensor.dtype != ScalarType.Float32 || !tensor.is_contiguous() || tensor.device_type != TorchSharp.DeviceType.CPU)
        {
            throw new ArgumentException(
                $"A tensor of {tensor.dtype} on {tensor.device} cannot be used as flat memory; expected contiguous float32 on the CPU.",
                nameof(tensor));
        }

        return (float*)THSTensor_data(tensor.Handle);
    }

    /// <summary>Runs an action over [0, <paramref name="length"/>) in pieces, on all cores when there is enough to do.</summary>
    public static void ForEachPiece(long length, Action<long, int> action)
    {
        var pieces = (int)((length + PieceLength - 1) / PieceLength);
        void Run(int piece)
        {
            var start = (long)piece * PieceLength;
            action(start, (int)Math.Min(PieceLength, length - start));
        }

        if (pieces <= 2)
        {
            for (var piece = 0; piece < pieces; piece++)
            {
                Run(piece);
            }
        }
        else
        {
            Parallel.For(0, pieces, Run);
        }
    }

    /// <summary>The sum of squares, in double over pieces.</summary>
    public static double SumOfSquares(Tensor tensor)
    {
        using var contiguous = tensor.is_contiguous() ? null : tensor.contiguous();
        var source = contiguous ?? tensor;
        var data = Pointer(source);
        var length = source.numel();
        var sums = new double[(length + PieceLength - 1) / PieceLength];
        ForEachPiece(length, (start, count) =>
        {
            var span = new ReadOnlySpan<float>(data + start, count);
            var (low, high) = (Vector<double>.Zero, Vector<double>.Zero);
            var i = 0;
            for (; i <= count - Vector<float>.Count; i += Vector<float>.Count)
            {
                Vector.Widen(new Vector<float>(span[i..]), out var a, out var b);
                low += a * a;
                high += b * b;
            }

            var sum = Vector.Sum(low + high);
            for (; i < count; i++)
            {
                sum += (double)span[i] * span[i];
            }

            sums[start / PieceLength] = sum;
        });
        GC.KeepAlive(source);
        return sums.Sum();
    }

    [LibraryImport("LibTorchSharp")]
    private static partial IntPtr THSTensor_data(IntPtr handle);
}
