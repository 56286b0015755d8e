using StepDistill.Batches;
using StepDistill.Training.Kernels;

namespace StepDistill.Training.Tests.Kernels;

public sealed unsafe class ProductsTests
{
    [Theory]
    [InlineData(4, 1, 16, false)]
    [InlineData(8, 7, 48, false)]
    [InlineData(12, 33, 64, true)]
    public void A_product_is_the_sum_over_the_inner_index_also_of_a_transposed_matrix(int rows, int inner, int columns, bool transposed)
    {
        var (a, b, c) = (Numbers(rows * inner, 1), Numbers(inner * columns, 2), Numbers(rows * columns, 3));
        var (aRow, aColumn) = transposed ? (1, rows) : (inner, 1);
        var before = (float[])c.Clone();
        fixed (float* pa = a, pb = b, pc = c)
        {
            Products.Multiply(pa, aRow, aColumn, pb, pc, rows, inner, columns, add: transposed);
        }

        for (var i = 0; i < rows; i++)
        {
            for (var j = 0; j < columns; j++)
            {
                var sum = transposed ? (double)before[(i * columns) + j] : 0;
                for (var k = 0; k < inner; k++)
                {
                    sum += (double)a[(i * aRow) + (k * aColumn)] * b[(k * columns) + j];
                }

                Assert.Equal(sum, c[(i * columns) + j], 1e-5);
            }
        }
    }

    [Theory]
    [InlineData(16, 16)]
    [InlineData(48, 64)]
    public void Transposition_writes_columns_as_rows(int rows, int columns)
    {
        var (from, to) = (Numbers(rows * columns, 4), new float[rows * columns]);
        fixed (float* source = from, target = to)
        {
            Transposition.Run(source, target, rows, columns);
        }

        for (var i = 0; i < from.Length; i++)
        {
            Assert.Equal(from[i], to[(i % columns * rows) + (i / columns)]);
        }
    }

    private static float[] Numbers(int count, ulong seed)
    {
        var random = new SplitMix64(seed);
        return [.. Enumerable.Range(0, count).Select(_ => (float)((random.Next() >> 11) * (2.0 / (1UL << 53)) - 1))];
    }
}
