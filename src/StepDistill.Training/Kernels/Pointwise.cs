using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using StepDistill.Students;

namespace StepDistill.Training.Kernels;

/// <summary>What happens to each number alone: dropout, sums of branches, and the feed-forward part's activation.</summary>
internal static unsafe class Pointwise
{
    /// <summary>y = x + dropout(branch), or dropout(branch) where there is no x. y may be one of the two.</summary>
    public static void AddDropped<T, TElement>(T* x, T* branch, T* y, long length, Dropout dropout)
        where T : unmanaged
        where TElement : IElement<T> => Cores.ForEachRange(Vectors(length), Element.Lanes, (start, count, _) =>
    {
        for (var i = start * Element.Lanes; i < Math.Min((start + count) * Element.Lanes, length); i += Element.Lanes)
        {
            var left = (int)Math.Min(Element.Lanes, length - i);
            var value = Element.Load<T, TElement>(branch + i, left);
            value = dropout.Drops ? value * dropout.Factors(i) : value;
            value = x is null ? value : value + Element.Load<T, TElement>(x + i, left);
            Element.Store<T, TElement>(y + i, value, left);
        }
    });

    /// <summary>The feed-forward part between its two products: dropout(act(gate) ⊙ gated), or dropout(relu(plain)).</summary>
    /// <param name="x">[T, 2F]: gate and gated beside each other; [T, F] for the plain form.</param>
    /// <param name="y">[T, F], written.</param>
    /// <param name="rows">T</param>
    /// <param name="width">F</param>
    /// <param name="kind">Which form.</param>
    /// <param name="dropout">Of this layer.</param>
    public static void Activate<T, TElement>(T* x, T* y, long rows, int width, T5FeedForwardKind kind, Dropout dropout)
        where T : unmanaged
        where TElement : IElement<T> => Cores.ForEachRange(rows, width * 3L, (start, count, _) =>
    {
        var gates = kind == T5FeedForwardKind.Relu ? 1 : 2;
        for (var row = start; row < start + count; row++)
        {
            var from = x + (row * width * gates);
            for (var i = 0; i < width; i += Element.Lanes)
            {
                var left = width - i;
                var gate = Element.Load<T, TElement>(from + i, left);
                var (value, _) = Activation(gate, kind);
                value = gates == 1 ? value : value * Element.Load<T, TElement>(from + width + i, left);
                value = dropout.Drops ? value * dropout.Factors((row * width) + i) : value;
                Element.Store<T, TElement>(y + (row * width) + i, value, left);
            }
        }
    });

    /// <summary>Turns the gradient of <see cref="Activate"/>'s output into that of its input, in the input's place.</summary>
    /// <param name="x">The input; its gradient when this returns.</param>
    /// <param name="y">[T, F], the gradient of the output; what the output was when this returns.</param>
    /// <param name="rows">T</param>
    /// <param name="width">F</param>
    /// <param name="kind">Which form.</param>
    /// <param name="dropout">As in the forward pass.</param>
    public static void ActivateBackward<T, TElement>(T* x, T* y, long rows, int width, T5FeedForwardKind kind, Dropout dropout)
        where T : unmanaged
        where TElement : IElement<T> => Cores.ForEachRange(rows, width * 4L, (start, count, _) =>
    {
        var gates = kind == T5FeedForwardKind.Relu ? 1 : 2;
        for (var row = start; row < start + count; row++)
        {
            var from = x + (row * width * gates);
            var to = y + (row * width);
            for (var i = 0; i < width; i += Element.Lanes)
            {
                var left = width - i;
                var kept = dropout.Drops ? dropout.Factors((row * width) + i) : Vector512<float>.One;
                var gradient = Element.Load<T, TElement>(to + i, left) * kept;
                var (value, slope) = Activation(Element.Load<T, TElement>(from + i, left), kind);
                if (gates == 1)
                {
                    Element.Store<T, TElement>(from + i, gradient * slope, left);
                    Element.Store<T, TElement>(to + i, value * kept, left);
                    continue;
                }

                var gated = Element.Load<T, TElement>(from + width + i, left);
                Element.Store<T, TElement>(from + i, gradient * slope * gated, left);
                Element.Store<T, TElement>(from + width + i, gradient * value, left);
                Element.Store<T, TElement>(to + i, value * gated * kept, left);
            }
        }
    });

    private static long Vectors(long length) => (length + Element.Lanes - 1) / Element.Lanes;

    /// <summary>The activation and its derivative.</summary>
    /// <remarks>GELU by its tanh formula, ½x(1 + tanh u) = x·σ(2u) with u = √(2/π)·(x + 0.044715x³): only eˣ is needed.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (Vector512<float> Value, Vector512<float> Slope) Activation(Vector512<float> x, T5FeedForwardKind kind)
    {
        var one = Vector512<float>.One;
        if (kind == T5FeedForwardKind.Relu)
        {
            var positive = Vector512.GreaterThan(x, Vector512<float>.Zero);
            return (x & positive, one & positive);
        }

        // x·σ(w), with w = x for SiLU and w = 2u for GELU.
        const float root = 1.5957691216f;       // 2·√(2/π)
        var square = x * x;
        var w = kind == T5FeedForwardKind.GatedSilu
            ? x
            : x * Vector512.FusedMultiplyAdd(square, Vector512.Create(root * 0.044715f), Vector512.Create(root));
        var dw = kind == T5FeedForwardKind.GatedSilu
            ? one
            : Vector512.FusedMultiplyAdd(square, Vector512.Create(3 * root * 0.044715f), Vector512.Create(root));
        var sigmoid = one / (one + Exponential.Of(-w));
        return (x * sigmoid, Vector512.FusedMultiplyAdd(x * sigmoid * (one - sigmoid), dw, sigmoid));
    }
}
