using System.Runtime.Intrinsics;
using StepDistill.Training.Packed;

namespace StepDistill.Training.Kernels;

/// <summary>
/// The gradient of −Σ q·log p for each example, q the label's and p the rationale's highest probability of each token.
/// </summary>
/// <remarks>See <see cref="Objectives.StepByStepLoss.MutualInformation"/>. q is scaled to sum 1 and taken as given.</remarks>
internal static unsafe class MutualInformation
{
    /// <summary>Adds the term's gradient to that of the rationales' scores.</summary>
    /// <param name="scores">[T, V]</param>
    /// <param name="gradients">[T, V], added to.</param>
    /// <param name="examples">Where each example's targets stand; those without a rationale have no part in it.</param>
    /// <param name="vocabulary">V</param>
    /// <param name="weight">What an example's term counts.</param>
    public static void Run<T, TElement>(T* scores, T* gradients, ExampleRows[] examples, int vocabulary, float weight)
        where T : unmanaged
        where TElement : IElement<T> => Cores.ForEach(examples.Length, number =>
    {
        var (example, whole) = (examples[number], Element.WholeVectors(vocabulary));
        if (example.Rationales == 0)
        {
            return;
        }

        var (given, written, writer) = (new float[whole], new float[whole], new float[whole]);
        fixed (float* q = given, logP = written, at = writer)
        {
            for (var row = example.Start; row < example.Start + example.Labels; row++)
            {
                var label = scores + ((long)row * vocabulary);
                var logSum = LogSum<T, TElement>(label, vocabulary);
                for (var i = 0; i < vocabulary; i += Element.Lanes)
                {
                    var p = Exponential.Of(Element.Load<T, TElement>(label + i, vocabulary - i) - logSum);
                    Vector512.MaxNative(Vector512.Load(q + i), p).Store(q + i);
                }
            }

            new Span<float>(q + vocabulary, whole - vocabulary).Clear();
            var sum = 0f;
            for (var i = 0; i < whole; i += Element.Lanes)
            {
                sum += Vector512.Sum(Vector512.Load(q + i));
            }

            new Span<float>(logP, whole).Fill(float.NegativeInfinity);
            var first = example.Start + example.Labels;
            var logSums = new Vector512<float>[example.Rationales];
            for (var t = 0; t < example.Rationales; t++)
            {
                var rationale = scores + ((long)(first + t) * vocabulary);
                logSums[t] = LogSum<T, TElement>(rationale, vocabulary);
                for (var i = 0; i < vocabulary; i += Element.Lanes)
                {
                    var p = Element.Load<T, TElement>(rationale + i, vocabulary - i) - logSums[t];
                    var higher = Vector512.GreaterThan(p, Vector512.Load(logP + i));
                    Vector512.ConditionalSelect(higher, p, Vector512.Load(logP + i)).Store(logP + i);
                    Vector512.ConditionalSelect(higher, Vector512.Create((float)t), Vector512.Load(at + i)).Store(at + i);
                }
            }

            // −log p of the token's writer t has the gradient p(t) − 1 at the token itself and p(t) elsewhere.
            var masses = new float[example.Rationales];
            for (var i = 0; i < vocabulary; i++)
            {
                masses[(int)at[i]] += q[i] / sum;
            }

            for (var t = 0; t < example.Rationales; t++)
            {
                var row = (long)(first + t) * vocabulary;
                for (var i = 0; i < vocabulary; i += Element.Lanes)
                {
                    var left = vocabulary - i;
                    var p = Exponential.Of(Element.Load<T, TElement>(scores + row + i, left) - logSums[t]);
                    var mine = Vector512.Equals(Vector512.Load(at + i), Vector512.Create((float)t));
                    var slope = (p * masses[t]) - (mine & (Vector512.Load(q + i) / sum));
                    Element.Store<T, TElement>(
                        gradients + row + i, Element.Load<T, TElement>(gradients + row + i, left) + (slope * weight), left);
                }
            }
        }
    });

    private static Vector512<float> LogSum<T, TElement>(T* scores, int vocabulary)
        where T : unmanaged
        where TElement : IElement<T>
    {
        var (highest, sum) = CrossEntropy.Sum<T, TElement>(scores, vocabulary);
        return Vector512.Create((float)(highest + Math.Log(sum)));
    }
}
