using StepDistill.Evaluation.Statistics;

namespace StepDistill.Tests.Evaluation.Statistics;

public sealed class QuantilesTests
{
    // Tables of the normal distribution.
    [Theory]
    [InlineData(0.5, 0)]
    [InlineData(0.9, 1.2815515655446004)]
    [InlineData(0.975, 1.959963984540054)]
    [InlineData(0.995, 2.5758293035489004)]
    [InlineData(0.025, -1.959963984540054)]
    public void Normal_quantiles_are_those_of_the_tables(double probability, double expected) =>
        Assert.Equal(expected, Quantiles.Normal(probability), 1e-12);

    // Tables of Student's t at 97.5 % and 95 %.
    [Theory]
    [InlineData(0.975, 1, 12.706204736)]
    [InlineData(0.975, 2, 4.30265273)]
    [InlineData(0.975, 3, 3.182446305)]
    [InlineData(0.975, 4, 2.776445105)]
    [InlineData(0.975, 9, 2.262157163)]
    [InlineData(0.975, 30, 2.042272456)]
    [InlineData(0.95, 5, 2.015048373)]
    [InlineData(0.05, 5, -2.015048373)]
    public void Students_quantiles_are_those_of_the_tables(double probability, int degrees, double expected) =>
        Assert.Equal(expected, Quantiles.StudentT(probability, degrees), 1e-8);

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(double.NaN)]
    public void There_is_no_quantile_of_certainty(double probability) =>
        Assert.ThrowsAny<ArgumentException>(() => Quantiles.Normal(probability));
}
