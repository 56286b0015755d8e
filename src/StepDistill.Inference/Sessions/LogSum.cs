using System.Numerics.Tensors;

namespace StepDistill.Inference.Sessions;

/// <summary>The logarithm of a sum of exponentials: what turns a score into a log-probability.</summary>
internal static class LogSum
{
    /// <summary>log Σ exp(x), without overflow.</summary>
    /// <param name="scores">[V], at least one.</param>
    public static double Of(ReadOnlySpan<float> scores)
    {
        const int Piece = 1024;
        Span<float> shifted = stackalloc float[Piece];
        var largest = TensorPrimitives.Max(scores);
        var sum = 0.0;
        for (var start = 0; start < scores.Length; start += Piece)
        {
            var part = scores.Slice(start, Math.Min(Piece, scores.Length - start));
            var piece = shifted[..part.Length];
            TensorPrimitives.Subtract(part, largest, piece);
            TensorPrimitives.Exp(piece, piece);
            sum += TensorPrimitives.Sum(piece);
        }

        return largest + Math.Log(sum);
    }
}
