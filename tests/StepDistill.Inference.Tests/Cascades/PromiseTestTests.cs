using MathNet.Numerics.Distributions;
using StepDistill.Inference.Cascades;

namespace StepDistill.Inference.Tests.Cascades;

public sealed class PromiseTestTests
{
    [Theory]
    [InlineData(28, 0.9, 0.05)]     // 0.9^28 = 0.0523
    [InlineData(0, 0.5, 0.05)]
    public void Too_few_rows_promise_nothing(int rows, double share, double delta) =>
        Assert.Null(PromiseTest.Needed(rows, share, delta, null));

    [Fact]
    public void The_fewest_rows_that_promise_anything_must_all_be_right() =>
        Assert.Equal(29, PromiseTest.Needed(29, 0.9, 0.05, null));     // 0.9^29 = 0.0471

    [Fact]
    public void A_promise_about_few_new_rows_is_harder_to_make()
    {
        var needed = new int?[] { 50, 200, 1000, 100_000, null }.Select(future => PromiseTest.Needed(1000, 0.8, 0.05, future)!.Value).ToList();

        Assert.Equal(needed.OrderDescending(), needed);
        Assert.True(needed[0] > needed[^1] + 20, string.Join(" ", needed));
        Assert.InRange(needed[3], needed[^1], needed[^1] + 1);
    }

    [Fact]
    public void Its_tail_is_that_of_a_beta_binomial()
    {
        var needed = PromiseTest.Needed(60, 0.7, 0.1, 40)!.Value;

        double Broken(int right) => Mean(q => new Binomial(q, 40).CumulativeDistribution(27), right, 60 - right + 1);
        Assert.True(Broken(needed) <= 0.1);
        Assert.True(Broken(needed - 1) > 0.1);
    }

    [Fact]
    public void With_one_threshold_it_fails_more_rarely_than_allowed()
    {
        // Being promised and being broken need luck in opposite directions.
        var needed = PromiseTest.Needed(300, 0.8, 0.05, 300)!.Value;
        var worst = Enumerable.Range(60, 40).Max(share =>
            ExactTails.BinomialAtLeast(needed, 300, share / 100.0) * (1 - ExactTails.BinomialAtLeast(240, 300, share / 100.0)));

        Assert.InRange(worst, 0.01, 0.02);
    }

    [Fact]
    public void With_thresholds_whose_outcomes_are_nested_it_fails_as_often_as_allowed_and_no_oftener()
    {
        // A row is right up to a threshold of its own, so the walk ends exactly where so many are: nothing is given away.
        const int Draws = 20_000;
        var needed = PromiseTest.Needed(300, 0.8, 0.05, 300)!.Value;
        var chance = new Random(1);
        var broken = 0;
        for (var i = 0; i < Draws; i++)
        {
            var limits = Enumerable.Range(0, 300).Select(_ => chance.NextDouble()).OrderDescending().ToList();
            var threshold = limits[needed - 1];
            broken += Enumerable.Range(0, 300).Count(_ => chance.NextDouble() >= threshold) < 240 ? 1 : 0;
        }

        // Counts are whole, so a little less than 5 %; a standard error is 0.15 %.
        Assert.InRange(broken / (double)Draws, 0.04, 0.0505);
    }

    [Fact]
    public void Parted_failures_add_up()
    {
        var (share, delta) = PromiseTest.Parted(1000, 0.9, 0.05, 400);

        Assert.InRange(share, 0.9, 0.93);
        Assert.Equal(0.05, delta + new Binomial(share, 400).CumulativeDistribution(359), 1e-6);
        Assert.Equal((0.9, 0.05), PromiseTest.Parted(1000, 0.9, 0.05, null));
    }

    [Fact]
    public void Shares_of_rows_are_whole_numbers_where_they_should_be() =>
        // 0.07 × 100 is 7.000000000000001 in floating point; needing 8 of 100 would need more rows right.
        Assert.Equal(PromiseTest.Needed(500, 0.07 - 1e-12, 0.05, 100), PromiseTest.Needed(500, 0.07, 0.05, 100));

    private static double Mean(Func<double, double> of, double a, double b)
    {
        var density = new Beta(a, b);
        const int Steps = 4000;
        return Enumerable.Range(0, Steps).Sum(i => of((i + 0.5) / Steps) * density.Density((i + 0.5) / Steps)) / Steps;
    }
}
