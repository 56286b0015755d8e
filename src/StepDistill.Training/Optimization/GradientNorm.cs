using static TorchSharp.torch;

namespace StepDistill.Training.Optimization;

/// <summary>The length of the whole gradient, and what clipping makes of it.</summary>
internal static class GradientNorm
{
    /// <summary>The Euclidean norm over all parameters; parameters without a gradient count as 0.</summary>
    /// <param name="parameters">The parameters.</param>
    public static unsafe double Of(IReadOnlyList<Tensor> parameters)
    {
        var squares = new double[parameters.Count];
        for (var i = 0; i < parameters.Count; i++)
        {
            using var gradient = parameters[i].grad;
            if (gradient is not null)
            {
                squares[i] = FlatTensor.SumOfSquares(gradient);
            }
        }

        return Math.Sqrt(squares.Sum());
    }

    /// <summary>What gradients are multiplied by so that their norm does not pass a limit.</summary>
    /// <param name="norm">The norm.</param>
    /// <param name="limit">The limit; 0 for none.</param>
    /// <remarks>PyTorch's <c>clip_grad_norm_</c>: min(1, limit / (norm + 1e-6)).</remarks>
    public static double Scale(double norm, double limit) => limit > 0 ? Math.Min(1, limit / (norm + 1e-6)) : 1;
}
