using MathNet.Numerics.Distributions;
using StepDistill.Inference.Cascades;

namespace StepDistill.Inference.Tests.Cascades;

public sealed class ExactTailsTests
{
    [Fact]
    public void A_hypergeometric_tail_is_the_sum_of_its_terms()
    {
        foreach (var (sample, marked, population) in new[] { (10, 7, 20), (50, 90, 100), (400, 300, 1000), (1, 1, 2), (5, 5, 5), (30, 0, 60) })
        {
            var distribution = new Hypergeometric(population, marked, sample);
            for (var count = -1; count <= sample + 1; count++)
            {
                var sum = Enumerable.Range(0, sample + 1).Where(k => k >= count).Sum(distribution.Probability);
                Assert.Equal(sum, ExactTails.HypergeometricAtLeast(count, sample, marked, population), 1e-9);
            }
        }
    }

    [Fact]
    public void A_binomial_tail_is_the_sum_of_its_terms()
    {
        foreach (var (trials, chance) in new[] { (1, 0.5), (20, 0.9), (300, 0.03), (5, 0.0), (5, 1.0) })
        {
            var distribution = new Binomial(chance, trials);
            for (var count = -1; count <= trials + 1; count++)
            {
                var sum = Enumerable.Range(0, trials + 1).Where(k => k >= count).Sum(distribution.Probability);
                Assert.Equal(sum, ExactTails.BinomialAtLeast(count, trials, chance), 1e-9);
            }
        }
    }

    [Fact]
    public void Large_numbers_are_no_trouble()
    {
        // By the normal approximation: 3 standard errors above the mean leave 0.00135.
        Assert.Equal(0.00135, ExactTails.BinomialAtLeast(501_500, 1_000_000, 0.5), 3e-5);
        var error = Math.Sqrt(1_000_000 * 0.25 * 0.5);
        Assert.Equal(0.00135, ExactTails.HypergeometricAtLeast(500_000 + (int)(3 * error), 1_000_000, 1_000_000, 2_000_000), 3e-5);
    }

    [Theory]
    [InlineData(0, 10, 0, 0.3085)]
    [InlineData(10, 10, 0.6915, 1)]
    [InlineData(8, 10, 0.4439, 0.9748)]
    public void An_interval_is_that_of_published_tables(int successes, int trials, double low, double high)
    {
        var interval = ExactTails.Interval(successes, trials, 0.05);

        Assert.Equal(low, interval.Low, 1e-4);
        Assert.Equal(high, interval.High, 1e-4);
    }
}
