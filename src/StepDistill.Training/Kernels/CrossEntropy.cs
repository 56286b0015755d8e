using System.Runtime.Intrinsics;

namespace StepDistill.Training.Kernels;

/// <summary>Cross-entropy of scores over the vocabulary, with the scores' gradient in their place.</summary>
internal static unsafe class CrossEntropy
{
    /// <summary>Measures each row and leaves the gradient where its scores were.</summary>
    /// <param name="logits">[T, V]: scores; their gradient when this returns.</param>
    /// <param name="targets">[T], the tokens that should follow.</param>
    /// <param name="weights">[T], what each row's loss counts in the whole.</param>
    /// <param name="losses">[T], written: each row's cross-entropy in nats, neither weighted nor smoothed.</param>
    /// <param name="vocabulary">V</param>
    /// <param name="smoothing">
    /// ε of label smoothing (Szegedy et al. 2016, https://arxiv.org/abs/1512.00567, section 7): the target keeps 1 − ε,
    /// and ε is spread over all tokens.
    /// </param>
    public static void Run<T, TElement>(
        T* logits, ReadOnlyMemory<int> targets, ReadOnlyMemory<float> weights, Memory<double> losses, int vocabulary, float smoothing)
        where T : unmanaged
        where TElement : IElement<T> => Cores.ForEachRange(targets.Length, vocabulary * 4L, (start, count, _) =>
    {
        for (var row = (int)start; row < start + count; row++)
        {
            var scores = logits + ((long)row * vocabulary);
            var target = targets.Span[row];
            var wanted = TElement.Get(scores[target]);
            var (max, sum) = Sum<T, TElement>(scores, vocabulary);
            losses.Span[row] = max + Math.Log(sum) - wanted;

            var weight = weights.Span[row];
            var (scale, spread) = (Vector512.Create(weight / sum), Vector512.Create(weight * smoothing / vocabulary));
            var atTarget = 0f;
            for (var i = 0; i < vocabulary; i += Element.Lanes)
            {
                var v = Exponential.Of(Element.Load<T, TElement>(scores + i, vocabulary - i) - Vector512.Create(max)) * scale - spread;
                Element.Store<T, TElement>(scores + i, v, vocabulary - i);
                if (target >= i && target < i + Element.Lanes)
                {
                    atTarget = v[target - i];
                }
            }

            scores[target] = TElement.Of(atTarget - (weight * (1 - smoothing)));
        }
    });

    /// <summary>The highest score of a row, the sum of e to the scores less the highest, and the plain sum.</summary>
    internal static (float Highest, float Exponentials) Sum<T, TElement>(T* scores, int vocabulary)
        where T : unmanaged
        where TElement : IElement<T>
    {
        var highest = Vector512.Create(float.NegativeInfinity);
        for (var i = 0; i < vocabulary; i += Element.Lanes)
        {
            highest = Vector512.MaxNative(highest, Beyond(Element.Load<T, TElement>(scores + i, vocabulary - i), vocabulary - i));
        }

        var max = Highest(highest);
        var exponentials = Vector512<float>.Zero;
        for (var i = 0; i < vocabulary; i += Element.Lanes)
        {
            var v = Beyond(Element.Load<T, TElement>(scores + i, vocabulary - i), vocabulary - i);
            exponentials += Exponential.Of(v - Vector512.Create(max));
        }

        return (max, Vector512.Sum(exponentials));
    }

    /// <summary>Minus infinity in the lanes that lie beyond the row's end.</summary>
    private static Vector512<float> Beyond(Vector512<float> v, int left) => left >= Element.Lanes ? v
        : Vector512.ConditionalSelect(
            Vector512.LessThan(Vector512<float>.Indices, Vector512.Create((float)left)), v, Vector512.Create(float.NegativeInfinity));

    internal static float Highest(Vector512<float> v)
    {
        var half = Vector256.Max(v.GetLower(), v.GetUpper());
        var quarter = Vector128.Max(half.GetLower(), half.GetUpper());
        return Math.Max(Math.Max(quarter[0], quarter[1]), Math.Max(quarter[2], quarter[3]));
    }
}
