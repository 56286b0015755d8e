using System.Runtime.Intrinsics;
using StepDistill.Training.Kernels;

namespace StepDistill.Training.Tests.Kernels;

public sealed class DropoutTests
{
    private const int Vectors = 1 << 15;

    [Theory]
    [InlineData(0.1)]
    [InlineData(0.5)]
    public void As_many_numbers_are_dropped_as_the_rate_says_and_the_mean_stays(double rate)
    {
        var factors = Factors(Dropout.Of(rate, 5));
        var dropped = factors.Count(factor => factor == 0) / (double)factors.Length;

        Assert.InRange(dropped, rate - 0.003, rate + 0.003);        // four standard deviations of half a million draws
        Assert.InRange(factors.Average(), 0.99, 1.01);
        Assert.All(factors.Where(factor => factor != 0).Distinct(), factor => Assert.Equal(1 / (1 - rate), factor, 1e-6));
    }

    [Fact]
    public void The_same_place_is_decided_alike_however_it_is_read()
    {
        var dropout = Dropout.Of(0.3, 9);

        Assert.Equal(dropout.Factors(1000)[8], dropout.Factors(1008)[0]);
        Assert.Equal(Factors(dropout), Factors(Dropout.Of(0.3, 9)));
    }

    [Fact]
    public void Another_seed_and_another_place_are_decided_independently()
    {
        var (one, other) = (Factors(Dropout.Of(0.5, 1)), Factors(Dropout.Of(0.5, 2)));
        var later = Factors(Dropout.Of(0.5, 1), from: 1L << 33);

        Assert.InRange(one.Zip(other).Count(pair => pair.First == pair.Second) / (double)one.Length, 0.49, 0.51);
        Assert.InRange(one.Zip(later).Count(pair => pair.First == pair.Second) / (double)one.Length, 0.49, 0.51);
        Assert.InRange(one.Zip(one.Skip(1)).Count(pair => pair.First == pair.Second) / (double)one.Length, 0.49, 0.51);
    }

    private static float[] Factors(Dropout dropout, long from = 0)
    {
        var factors = new float[Vectors * Element.Lanes];
        for (var i = 0; i < factors.Length; i += Element.Lanes)
        {
            dropout.Factors(from + i).CopyTo(factors, i);
        }

        return factors;
    }
}
