using System.Numerics;
using static TorchSharp.torch;

namespace StepDistill.Training.Optimization;

/// <summary>Adam with decoupled weight decay, in one pass over each parameter's memory.</summary>
/// <remarks>
/// Loshchilov and Hutter 2019, https://arxiv.org/abs/1711.05101. Two conventions differ in where ε goes: Hugging
/// Face's own <c>AdamW</c>, which the paper's program uses, adds it to √v before v's bias correction;
/// <c>torch.optim.AdamW</c> after it. With the default ε = 1e-8 the first is a √(1 − β₂ᵗ) times smaller ε. In both,
/// weight decay multiplies the weights by 1 − rate·decay: Hugging Face after the update, PyTorch before it.
/// Clipping is part of the same pass: gradients are read once, scaled on the way.
/// </remarks>
public sealed unsafe class AdamW
{
    private const double Beta1 = 0.9;
    private const double Beta2 = 0.999;
    private const double Epsilon = 1e-8;

    private readonly IReadOnlyList<Tensor> _parameters;
    private readonly bool _epsilonBeforeCorrection;
    private readonly float _weightDecay;

    /// <summary>Creates the optimizer with moments of zero.</summary>
    /// <param name="parameters">What it updates, in an order that stays: contiguous float32 on the CPU.</param>
    /// <param name="epsilonBeforeCorrection">True for Hugging Face's convention, false for PyTorch's.</param>
    /// <param name="weightDecay">Decay of the weights per unit of learning rate.</param>
    public AdamW(IReadOnlyList<Tensor> parameters, bool epsilonBeforeCorrection, double weightDecay = 0)
    {
        _parameters = parameters;
        _epsilonBeforeCorrection = epsilonBeforeCorrection;
        _weightDecay = (float)weightDecay;
        FirstMoments = [.. parameters.Select(p => new float[p.numel()])];
        SecondMoments = [.. parameters.Select(p => new float[p.numel()])];
    }

    /// <summary>Running means of the gradients, one array a parameter.</summary>
    internal IReadOnlyList<float[]> FirstMoments { get; }

    /// <summary>Running means of the squared gradients, one array a parameter.</summary>
    internal IReadOnlyList<float[]> SecondMoments { get; }

    /// <summary>Updates done so far; bias corrections depend on it.</summary>
    public int Steps { get; internal set; }

    /// <summary>Updates every parameter that has a gradient.</summary>
    /// <param name="learningRate">The step size.</param>
    /// <param name="gradientScale">What gradients are multiplied by; see <see cref="GradientNorm.Scale"/>.</param>
    public void Step(double learningRate, double gradientScale = 1)
    {
        Steps++;
        var firstCorrection = 1 - Math.Pow(Beta1, Steps);
        var rootCorrection = Math.Sqrt(1 - Math.Pow(Beta2, Steps));

        // Both conventions are p -= rate · m / (√v + ε): they differ in rate and ε.
        var rate = (float)(learningRate * rootCorrection / firstCorrection);
        var epsilon = (float)(_epsilonBeforeCorrection ? Epsilon : Epsilon * rootCorrection);
        var decay = (float)(learningRate * _weightDecay);
        for (var i = 0; i < _parameters.Count; i++)
        {
            using var gradient = _parameters[i].grad;
            if (gradient is null)
            {
                continue;
            }

            using var contiguous = gradient.is_contiguous() ? null : gradient.contiguous();
            Update(
                FlatTensor.Pointer(_parameters[i]), FlatTensor.Pointer(contiguous ?? gradient), FirstMoments[i], SecondMoments[i],
                rate, epsilon, decay, (float)gradientScale);
        }
    }

    private void Update(
        float* parameter, float* gradient, float[] first, float[] second, float rate, float epsilon, float decay, float scale)
    {
        FlatTensor.ForEachPiece(first.Length, (start, count) =>
        {
            var p = new Span<float>(parameter + start, count);
            var g = new ReadOnlySpan<float>(gradient + start, count);
            var m = first.AsSpan((int)start, count);
            var v = second.AsSpan((int)start, count);
            var i = 0;
            for (; i <= count - Vector<float>.Count; i += Vector<float>.Count)
            {
                var gi = new Vector<float>(g[i..]) * scale;
                var mi = (new Vector<float>(m[i..]) * (float)Beta1) + (gi * (float)(1 - Beta1));
                var vi = (new Vector<float>(v[i..]) * (float)Beta2) + (gi * gi * (float)(1 - Beta2));
                mi.CopyTo(m[i..]);
                vi.CopyTo(v[i..]);
                var pi = new Vector<float>(p[i..]);
                if (!_epsilonBeforeCorrection)
                {
                    pi -= pi * decay;
                }

                pi -= rate * mi / (Vector.SquareRoot(vi) + new Vector<float>(epsilon));
                if (_epsilonBeforeCorrection)
                {
                    pi -= pi * decay;
                }

                pi.CopyTo(p[i..]);
            }

            for (; i < count; i++)
            {
                var gi = g[i] * scale;
                m[i] = (m[i] * (float)Beta1) + (gi * (float)(1 - Beta1));
                v[i] = (v[i] * (float)Beta2) + (gi * gi * (float)(1 - Beta2));
                if (!_epsilonBeforeCorrection)
                {
                    p[i] -= p[i] * decay;
                }

                p[i] -= rate * m[i] / (MathF.Sqrt(v[i]) + epsilon);
                if (_epsilonBeforeCorrection)
                {
                    p[i] -= p[i] * decay;
                }
            }
        });
    }
}
