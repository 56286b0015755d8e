using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace StepDistill.Training.Kernels;

/// <summary>Rows to columns, sixteen by sixteen.</summary>
internal static unsafe class Transposition
{
    /// <summary>Writes a matrix's columns as rows.</summary>
    /// <param name="from">[rows, columns], its rows <paramref name="columns"/> apart.</param>
    /// <param name="to">[columns, rows], its rows <paramref name="rows"/> apart.</param>
    /// <param name="rows">A multiple of <see cref="Element.Lanes"/>.</param>
    /// <param name="columns">A multiple of <see cref="Element.Lanes"/>.</param>
    public static void Run(float* from, float* to, int rows, int columns)
    {
        for (var row = 0; row < rows; row += Element.Lanes)
        {
            for (var column = 0; column < columns; column += Element.Lanes)
            {
                var source = from + ((long)row * columns) + column;
                var target = to + ((long)column * rows) + row;
                if (Avx512F.IsSupported)
                {
                    Square(source, columns, target, rows);
                }
                else
                {
                    for (var i = 0; i < Element.Lanes * Element.Lanes; i++)
                    {
                        target[((long)(i / Element.Lanes) * rows) + (i % Element.Lanes)] =
                            source[((long)(i % Element.Lanes) * columns) + (i / Element.Lanes)];
                    }
                }
            }
        }
    }

    /// <summary>Sixteen rows, four columns at a time.</summary>
    private static void Square(float* from, long fromStride, float* to, long toStride)
    {
        for (var column = 0; column < Element.Lanes; column += 4)
        {
            Columns(from + column, fromStride, to + (column * toStride), toStride);
        }
    }

    /// <summary>Four columns of sixteen rows: vectors of rows i, i + 4, i + 8 and i + 12, then four by four within each quarter.</summary>
    private static void Columns(float* from, long fromStride, float* to, long toStride)
    {
        var (a, b) = (Four(from, fromStride, 0), Four(from, fromStride, 1));
        var (c, d) = (Four(from, fromStride, 2), Four(from, fromStride, 3));
        var low = Avx512F.UnpackLow(a, b).AsDouble();           // a0 b0 a1 b1 in each quarter
        var high = Avx512F.UnpackHigh(a, b).AsDouble();         // a2 b2 a3 b3
        var low2 = Avx512F.UnpackLow(c, d).AsDouble();
        var high2 = Avx512F.UnpackHigh(c, d).AsDouble();
        Avx512F.UnpackLow(low, low2).AsSingle().Store(to);
        Avx512F.UnpackHigh(low, low2).AsSingle().Store(to + toStride);
        Avx512F.UnpackLow(high, high2).AsSingle().Store(to + (2 * toStride));
        Avx512F.UnpackHigh(high, high2).AsSingle().Store(to + (3 * toStride));
    }

    /// <summary>The first four numbers of four rows, four rows apart.</summary>
    private static Vector512<float> Four(float* at, long stride, int row) => Vector512.Create(
        Vector256.Create(Vector128.Load(at + (row * stride)), Vector128.Load(at + ((row + 4) * stride))),
        Vector256.Create(Vector128.Load(at + ((row + 8) * stride)), Vector128.Load(at + ((row + 12) * stride))));
}
