using StepDistill.Batches;
using StepDistill.Evaluation.Statistics;

namespace StepDistill.Tests.Evaluation.Statistics;

public sealed class ConfidenceIntervalTests
{
    // Newcombe 1998, "Two-sided confidence intervals for the single proportion", table I, method 3.
    [Theory]
    [InlineData(81, 263, 0.2553, 0.3662)]
    [InlineData(15, 148, 0.0624, 0.1605)]
    [InlineData(0, 20, 0, 0.1611)]
    [InlineData(1, 29, 0.0061, 0.1718)]
    public void Wilson_gives_the_published_intervals(int correct, int rows, double low, double high)
    {
        var interval = ConfidenceInterval.Wilson(correct, rows);

        Assert.Equal(low, interval.Low, 5e-5);
        Assert.Equal(high, interval.High, 5e-5);
    }

    // Tables of the normal distribution, through what Wilson's interval is for many rows: p ± z·√(p·(1 − p)/n).
    [Theory]
    [InlineData(0.8, 1.2815515655446004)]
    [InlineData(0.95, 1.959963984540054)]
    [InlineData(0.99, 2.5758293035489004)]
    public void The_level_decides_the_width(double level, double z)
    {
        var interval = ConfidenceInterval.Wilson(500_000_000, 1_000_000_000, level);
        Assert.Equal(z * Math.Sqrt(0.25 / 1e9), (interval.High - interval.Low) / 2, 1e-12);
    }

    [Fact]
    public void Right_and_wrong_may_change_places()
    {
        for (var correct = 0; correct <= 30; correct++)
        {
            var (right, wrong) = (ConfidenceInterval.Wilson(correct, 30), ConfidenceInterval.Wilson(30 - correct, 30));
            Assert.Equal(right.Low, 1 - wrong.High, 1e-12);
            Assert.True(right.Contains(correct / 30.0));
        }
    }

    [Fact]
    public void Without_rows_nothing_is_known() =>
        Assert.Equal(new ConfidenceInterval(0, 1), ConfidenceInterval.Wilson(0, 0));

    [Fact]
    public void More_right_than_rows_is_refused() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => ConfidenceInterval.Wilson(3, 2));

    // 95 % is a promise about repetitions, so repeat: 2,000 samples of 60 rows at three true proportions.
    [Theory]
    [InlineData(0.05)]
    [InlineData(0.33)]
    [InlineData(0.8)]
    public void Wilson_holds_its_level(double truth)
    {
        var random = new SplitMix64(42);
        var held = 0;
        for (var repetition = 0; repetition < 2000; repetition++)
        {
            var correct = 0;
            for (var row = 0; row < 60; row++)
            {
                correct += (random.Next() >> 11) / (double)(1UL << 53) < truth ? 1 : 0;
            }

            held += ConfidenceInterval.Wilson(correct, 60).Contains(truth) ? 1 : 0;
        }

        // 1.96·√(0.95·0.05/2000) is 1 %; Wilson itself wanders by about 2 % with the proportion.
        Assert.InRange(held / 2000.0, 0.92, 0.985);
    }
}
