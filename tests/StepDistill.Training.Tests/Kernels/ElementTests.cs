using System.Runtime.Intrinsics;
using StepDistill.Batches;
using StepDistill.Training.Kernels;
using static TorchSharp.torch;

namespace StepDistill.Training.Tests.Kernels;

public sealed unsafe class ElementTests
{
    [Fact]
    public void Numbers_are_rounded_to_bfloat16_as_the_library_rounds_them()
    {
        using var _ = NewDisposeScope();
        var random = new SplitMix64(3);
        var numbers = Enumerable.Range(0, 1 << 14)
            .Select(i => BitConverter.UInt32BitsToSingle((uint)random.Next())).Where(x => float.IsFinite(x) && MathF.Abs(x) < 1e38f)
            .Concat([1.00390625f, 1.01171875f, -1.00390625f, 0f, -0f, 1e-40f])      // halves between two numbers, and the smallest
            .ToArray();
        var expected = tensor(numbers).to_type(ScalarType.BFloat16).to_type(ScalarType.Float32).data<float>().ToArray();

        Assert.Equal(expected, numbers.Select(x => BFloat16.Get(BFloat16.Of(x))));
        Assert.Equal(expected, numbers.Select(Stored));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(15)]
    [InlineData(16)]
    public void The_end_of_a_row_is_read_with_zeros_and_written_no_further(int left)
    {
        var row = Enumerable.Range(1, 20).Select(i => (float)i).ToArray();
        fixed (float* at = row)
        {
            var read = Element.Load<float, Float32>(at, left);
            Assert.Equal(left == 16 ? 136 : left * (left + 1) / 2, Vector512.Sum(read));

            Element.Store<float, Float32>(at, Vector512.Create(-1f), left);
        }

        Assert.Equal(Enumerable.Range(1, 20).Select(i => i <= left ? -1f : i), row);
    }

    private static float Stored(float number)
    {
        var to = stackalloc ushort[16];
        BFloat16.Store(to, Vector512.Create(number));
        return BFloat16.Load(to)[7];
    }
}
