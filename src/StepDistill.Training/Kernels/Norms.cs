using System.Runtime.Intrinsics;

namespace StepDistill.Training.Kernels;

/// <summary>T5's norm, y = s ⊙ x / √(mean(x²) + ε), forward and backward, one pass over memory each.</summary>
internal static unsafe class Norms
{
    /// <summary>Norms each row.</summary>
    /// <param name="x">[T, D]</param>
    /// <param name="scale">[D]</param>
    /// <param name="y">[T, D], written.</param>
    /// <param name="inverse">[T], written: 1 / √(mean(x²) + ε).</param>
    /// <param name="rows">T</param>
    /// <param name="width">D</param>
    /// <param name="epsilon">ε</param>
    public static void Forward<T, TElement>(T* x, T* scale, T* y, float* inverse, long rows, int width, float epsilon)
        where T : unmanaged
        where TElement : IElement<T> => Cores.ForEachRange(rows, width, (start, count, _) =>
    {
        for (var row = start; row < start + count; row++)
        {
            var from = x + (row * width);
            var to = y + (row * width);
            var squares = Vector512<float>.Zero;
            for (var i = 0; i < width; i += Element.Lanes)
            {
                var v = Element.Load<T, TElement>(from + i, width - i);
                squares = Vector512.FusedMultiplyAdd(v, v, squares);
            }

            var factor = 1 / MathF.Sqrt((Vector512.Sum(squares) / width) + epsilon);
            inverse[row] = factor;
            for (var i = 0; i < width; i += Element.Lanes)
            {
                var v = Element.Load<T, TElement>(from + i, width - i) * factor;
                Element.Store<T, TElement>(to + i, v * Element.Load<T, TElement>(scale + i, width - i), width - i);
            }
        }
    });

    /// <summary>Adds what the norm's input contributes to the loss onto its gradient.</summary>
    /// <param name="dy">[T, D], the gradient of the output.</param>
    /// <param name="x">[T, D]</param>
    /// <param name="scale">[D]</param>
    /// <param name="inverse">[T], from the forward pass.</param>
    /// <param name="dx">[T, D], added to, or written where <paramref name="add"/> is false.</param>
    /// <param name="dScale">[D], added to; null where nobody wants it.</param>
    /// <param name="rows">T</param>
    /// <param name="width">D</param>
    /// <param name="add">Whether <paramref name="dx"/> holds a gradient already.</param>
    public static void Backward<T, TElement>(
        T* dy, T* x, T* scale, float* inverse, T* dx, T* dScale, long rows, int width, bool add)
        where T : unmanaged
        where TElement : IElement<T>
    {
        var sums = dScale is null ? null : new float[Cores.Pieces(rows, width)][];
        Cores.ForEachRange(rows, width, (start, count, piece) =>
        {
            var whole = Element.WholeVectors(width);
            var sum = new float[sums is null ? 0 : whole];
            fixed (float* own = sum)
            {
                for (var row = start; row < start + count; row++)
                {
                    var at = row * width;
                    var factor = inverse[row];
                    var dot = Vector512<float>.Zero;
                    for (var i = 0; i < width; i += Element.Lanes)
                    {
                        var v = Element.Load<T, TElement>(x + at + i, width - i);
                        var g = Element.Load<T, TElement>(dy + at + i, width - i);
                        if (own is not null)
                        {
                            Vector512.FusedMultiplyAdd(g * factor, v, Vector512.Load(own + i)).Store(own + i);
                        }

                        dot = Vector512.FusedMultiplyAdd(g * Element.Load<T, TElement>(scale + i, width - i), v, dot);
                    }

                    var back = Vector512.Sum(dot) / width * factor * factor * factor;
                    for (var i = 0; i < width; i += Element.Lanes)
                    {
                        var g = Element.Load<T, TElement>(dy + at + i, width - i)
                            * Element.Load<T, TElement>(scale + i, width - i) * factor;
                        g -= Element.Load<T, TElement>(x + at + i, width - i) * back;
                        g += add ? Element.Load<T, TElement>(dx + at + i, width - i) : Vector512<float>.Zero;
                        Element.Store<T, TElement>(dx + at + i, g, width - i);
                    }
                }
            }

            if (sums is not null)
            {
                sums[piece] = sum;
            }
        });

        for (var i = 0; sums is not null && i < width; i++)
        {
            dScale[i] = TElement.Of(TElement.Get(dScale[i]) + sums.Sum(sum => sum[i]));
        }
    }
}
