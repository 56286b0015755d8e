using CsCheck;
using StepDistill.Students.Weights;

namespace StepDistill.Tests.Students.Weights;

public sealed class WeightNumbersTests
{
    [Fact]
    public void Every_sixteen_bit_number_survives_the_way_there_and_back()
    {
        foreach (var type in (WeightType[])[WeightType.F16, WeightType.BF16])
        {
            byte[] bytes = [.. Enumerable.Range(0, 1 << 16).SelectMany(bits => BitConverter.GetBytes((ushort)bits))];
            var values = new float[1 << 16];
            var back = new byte[bytes.Length];

            WeightNumbers.ToFloats(bytes, type, values);
            WeightNumbers.FromFloats(values, type, back);

            for (var i = 0; i < values.Length; i++)
            {
                Assert.True(float.IsNaN(values[i]) || BitConverter.ToUInt16(back, 2 * i) == i, $"{type} {i:x4}");
            }
        }
    }

    [Theory]
    [InlineData(1f, 0x3f80)]
    [InlineData(-2f, 0xc000)]
    [InlineData(1.00390625f, 0x3f80)] // halfway, to even: down
    [InlineData(1.01171875f, 0x3f82)] // halfway, to even: up
    [InlineData(1.0039064f, 0x3f81)] // just above halfway
    [InlineData(3.4e38f, 0x7f80)] // beyond the largest: infinity
    [InlineData(float.NegativeInfinity, 0xff80)]
    public void Bfloat16_rounds_to_the_nearest_and_ties_to_even(float value, int bits)
    {
        var bytes = new byte[2];
        WeightNumbers.FromFloats([value], WeightType.BF16, bytes);

        Assert.Equal(bits, BitConverter.ToUInt16(bytes));
    }

    [Fact]
    public void What_is_not_a_number_stays_that()
    {
        foreach (var bits in (uint[])[0x7f800001, 0xffffffff, 0x7fc00000])
        {
            var (bytes, back) = (new byte[2], new float[1]);
            WeightNumbers.FromFloats([BitConverter.UInt32BitsToSingle(bits)], WeightType.BF16, bytes);
            WeightNumbers.ToFloats(bytes, WeightType.BF16, back);

            Assert.True(float.IsNaN(back[0]));
        }
    }

    [Fact]
    public void Bfloat16_is_the_nearest_of_its_two_neighbours() => Gen.Float.Where(float.IsNormal).Sample(value =>
    {
        var bytes = new byte[2];
        WeightNumbers.FromFloats([value], WeightType.BF16, bytes);
        var bits = (uint)BitConverter.ToUInt16(bytes);
        var rounded = (double)BitConverter.UInt32BitsToSingle(bits << 16);
        var above = (double)BitConverter.UInt32BitsToSingle((bits + 1) << 16);
        var below = (double)BitConverter.UInt32BitsToSingle((bits - 1) << 16);

        return double.IsInfinity(rounded)
            || (Math.Abs(value - rounded) <= Math.Abs(value - above) && Math.Abs(value - rounded) <= Math.Abs(value - below));
    });

    [Fact]
    public void Wider_numbers_are_exact_or_rounded()
    {
        var values = new float[2];
        WeightNumbers.ToFloats([.. BitConverter.GetBytes(0.1), .. BitConverter.GetBytes(-3.0)], WeightType.F64, values);

        Assert.Equal([0.1f, -3f], values);
    }

    [Fact]
    public void Lengths_and_types_are_checked()
    {
        Assert.Throws<ArgumentException>(() => WeightNumbers.ToFloats(new byte[3], WeightType.F32, new float[1]));
        Assert.Throws<ArgumentException>(() => WeightNumbers.FromFloats(new float[1], WeightType.BF16, new byte[4]));
        Assert.Throws<ArgumentException>(() => WeightNumbers.ToFloats(new byte[8], WeightType.I64, new float[1]));
    }
}
