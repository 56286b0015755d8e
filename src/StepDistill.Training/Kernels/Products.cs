using System.Runtime.Intrinsics;

namespace StepDistill.Training.Kernels;

/// <summary>Products of matrices that are too small for a library call each: one head of one sequence.</summary>
internal static unsafe class Products
{
    /// <summary>Rows come in multiples of this.</summary>
    public const int Rows = 4;

    /// <summary>C = A·B, or C += A·B, in registers four rows by 32 columns at a time.</summary>
    /// <param name="a">A's element (i, k) is at i·aRow + k·aColumn, so that A may be a transposed matrix.</param>
    /// <param name="aRow">Numbers between two rows of A.</param>
    /// <param name="aColumn">Numbers between two columns of A.</param>
    /// <param name="b">[inner, columns], its rows <paramref name="columns"/> apart.</param>
    /// <param name="c">[rows, columns], its rows <paramref name="columns"/> apart.</param>
    /// <param name="rows">A multiple of <see cref="Rows"/>.</param>
    /// <param name="inner">Columns of A, rows of B.</param>
    /// <param name="columns">A multiple of <see cref="Element.Lanes"/>.</param>
    /// <param name="add">Whether C holds something to add to.</param>
    public static void Multiply(
        float* a, long aRow, long aColumn, float* b, float* c, int rows, int inner, int columns, bool add = false)
    {
        for (var i = 0; i < rows; i += Rows)
        {
            var j = 0;
            for (; j + (2 * Element.Lanes) <= columns; j += 2 * Element.Lanes)
            {
                Tile(a + (i * aRow), aRow, aColumn, b + j, c + ((long)i * columns) + j, inner, columns, add);
            }

            if (j < columns)
            {
                HalfTile(a + (i * aRow), aRow, aColumn, b + j, c + ((long)i * columns) + j, inner, columns, add);
            }
        }
    }

    private static void Tile(float* a, long aRow, long aColumn, float* b, float* c, int inner, int columns, bool add)
    {
        var a1 = a + aRow;
        var a2 = a1 + aRow;
        var a3 = a2 + aRow;
        Vector512<float> c00 = default, c01 = default, c10 = default, c11 = default;
        Vector512<float> c20 = default, c21 = default, c30 = default, c31 = default;
        long at = 0;
        for (var k = 0; k < inner; k++, at += aColumn, b += columns)
        {
            var b0 = Vector512.Load(b);
            var b1 = Vector512.Load(b + Element.Lanes);
            var x = Vector512.Create(a[at]);
            c00 = Vector512.FusedMultiplyAdd(x, b0, c00);
            c01 = Vector512.FusedMultiplyAdd(x, b1, c01);
            x = Vector512.Create(a1[at]);
            c10 = Vector512.FusedMultiplyAdd(x, b0, c10);
            c11 = Vector512.FusedMultiplyAdd(x, b1, c11);
            x = Vector512.Create(a2[at]);
            c20 = Vector512.FusedMultiplyAdd(x, b0, c20);
            c21 = Vector512.FusedMultiplyAdd(x, b1, c21);
            x = Vector512.Create(a3[at]);
            c30 = Vector512.FusedMultiplyAdd(x, b0, c30);
            c31 = Vector512.FusedMultiplyAdd(x, b1, c31);
        }

        Put(c, c00, add);
        Put(c + Element.Lanes, c01, add);
        Put(c + columns, c10, add);
        Put(c + columns + Element.Lanes, c11, add);
        Put(c + (2 * columns), c20, add);
        Put(c + (2 * columns) + Element.Lanes, c21, add);
        Put(c + (3 * columns), c30, add);
        Put(c + (3 * columns) + Element.Lanes, c31, add);
    }

    private static void HalfTile(float* a, long aRow, long aColumn, float* b, float* c, int inner, int columns, bool add)
    {
        var a1 = a + aRow;
        var a2 = a1 + aRow;
        var a3 = a2 + aRow;
        Vector512<float> c0 = default, c1 = default, c2 = default, c3 = default;
        long at = 0;
        for (var k = 0; k < inner; k++, at += aColumn, b += columns)
        {
            var b0 = Vector512.Load(b);
            c0 = Vector512.FusedMultiplyAdd(Vector512.Create(a[at]), b0, c0);
            c1 = Vector512.FusedMultiplyAdd(Vector512.Create(a1[at]), b0, c1);
            c2 = Vector512.FusedMultiplyAdd(Vector512.Create(a2[at]), b0, c2);
            c3 = Vector512.FusedMultiplyAdd(Vector512.Create(a3[at]), b0, c3);
        }

        Put(c, c0, add);
        Put(c + columns, c1, add);
        Put(c + (2 * columns), c2, add);
        Put(c + (3 * columns), c3, add);
    }

    private static void Put(float* to, Vector512<float> value, bool add) =>
        (add ? value + Vector512.Load(to) : value).Store(to);
}
