using MathNet.Numerics.Distributions;
using StepDistill.Evaluation.Statistics;

namespace StepDistill.Tests.Evaluation.Statistics;

public sealed class EstimateTests
{
    // Tables of Student's t at 97.5 %, and of the normal distribution for many degrees of freedom.
    [Theory]
    [InlineData(1, 12.706204736)]
    [InlineData(2, 4.30265273)]
    [InlineData(4, 2.776445105)]
    [InlineData(9, 2.262157163)]
    [InlineData(30, 2.042272456)]
    [InlineData(1e6, 1.959966)]
    public void The_interval_is_Students(double degrees, double t)
    {
        var estimate = Of(0.1, 0.02, degrees);

        Assert.Equal(0.1 - (0.02 * t), estimate.Interval.Low, 1e-7);
        Assert.Equal(0.1 + (0.02 * t), estimate.Interval.High, 1e-7);
    }

    // R: 2 * pt(-2, 2), 2 * pt(-2, 10), 2 * pnorm(-2); with two degrees P(T > t) = ½ − t / (2·√(2 + t²)) exactly.
    [Theory]
    [InlineData(2, 0.18350341907227397)]
    [InlineData(10, 0.07338803477074039)]
    [InlineData(1e7, 0.0455002638963584)]
    public void The_p_value_is_Students(double degrees, double expected)
    {
        Assert.Equal(expected, Of(0.04, 0.02, degrees).PValue, 1e-7);
        Assert.Equal(expected, Of(-0.04, 0.02, degrees).PValue, 1e-7);
    }

    [Theory]
    [InlineData(2)]
    [InlineData(7.3)]
    [InlineData(2_000)]
    public void It_is_significant_exactly_where_the_interval_leaves_out_0(double degrees)
    {
        var half = Of(0, 0.02, degrees).Interval.High;

        Assert.True(Of(half * 1.000001, 0.02, degrees).PValue < 0.05);
        Assert.True(Of(half * 0.999999, 0.02, degrees).PValue > 0.05);
        Assert.False(Of(half * 1.000001, 0.02, degrees).Interval.Contains(0));
        Assert.True(Of(-half * 0.999999, 0.02, degrees).Interval.Contains(0));
    }

    [Fact]
    public void Nothing_seen_is_no_evidence()
    {
        Assert.Equal(1, Of(0, 0.02, 3).PValue, 1e-12);
        Assert.Equal(1, Of(0, 0, 3).PValue);
        Assert.Equal(0, Of(0.1, 0, 3).PValue);
    }

    // (1.959964 + 0.841621)·0.01 for many rows; t at 97.5 % and 80 % with two degrees: 4.302653 and 1.060660.
    [Theory]
    [InlineData(1e6, 0.02801585)]
    [InlineData(2, 0.05363313)]
    public void The_detectable_difference_is_that_of_the_textbooks(double degrees, double expected) =>
        Assert.Equal(expected, Of(0, 0.01, degrees).Detectable, 1e-7);

    [Fact]
    public void A_difference_of_the_detectable_size_is_found_four_times_in_five()
    {
        var detectable = Of(0, 0.01, 20).Detectable;
        var chance = new Random(5);
        var found = Enumerable.Range(0, 2_000).Count(_ =>
        {
            var error = 0.01 * Math.Sqrt(ChiSquared.InvCDF(20, Math.Max(1e-9, chance.NextDouble())) / 20);
            return Of(detectable + (0.01 * Normal.InvCDF(0, 1, Math.Max(1e-9, chance.NextDouble()))), error, 20).PValue < 0.05;
        });
        Assert.InRange(found / 2_000.0, 0.8 - 0.027, 0.8 + 0.027);      // 3·√(0.8·0.2/2000)
    }

    [Fact]
    public void Deviation_is_that_of_the_seeds()
    {
        Assert.Equal(Math.Sqrt(1.0 / 3), new Estimate(2.0 / 3, 1, 2, default, [1, 0, 1]).Deviation!.Value, 1e-12);
        Assert.Null(new Estimate(1, 1, 2, default, [1]).Deviation);
    }

    private static Estimate Of(double value, double error, double degrees) => new(value, error, degrees, default, [value]);
}
