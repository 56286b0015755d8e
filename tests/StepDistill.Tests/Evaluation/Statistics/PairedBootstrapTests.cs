using StepDistill.Batches;
using StepDistill.Evaluation.Statistics;

namespace StepDistill.Tests.Evaluation.Statistics;

public sealed class PairedBootstrapTests
{
    [Fact]
    public void The_mean_of_one_seed_has_about_the_normal_interval()
    {
        var rows = Enumerable.Range(0, 400).Select(i => i % 4 == 0).ToArray();
        var half = 1.96 * Math.Sqrt(0.25 * 0.75 / 400);

        var mean = PairedBootstrap.Mean([rows]);

        Assert.Equal(0.25, mean.Value);
        Assert.Equal(0.25 - half, mean.Interval.Low, 0.004);
        Assert.Equal(0.25 + half, mean.Interval.High, 0.004);
        Assert.Null(mean.Deviation);
    }

    [Fact]
    public void Rows_that_both_answer_alike_do_not_widen_the_difference()
    {
        // 40 of 1,000 rows differ, 30 of them for the better; 960 are right or wrong for both.
        bool[] one = [.. Enumerable.Range(0, 1000).Select(i => i < 30 || (i >= 40 && i % 2 == 0))];
        bool[] other = [.. Enumerable.Range(0, 1000).Select(i => i is >= 30 and < 40 || (i >= 40 && i % 2 == 0))];
        var half = 1.96 * Math.Sqrt((0.04 - 0.02 * 0.02) / 1000);

        var difference = PairedBootstrap.Difference([one], [other]);

        Assert.Equal(0.02, difference.Value, 1e-12);
        Assert.Equal(0.02 - half, difference.Interval.Low, 0.0015);
        Assert.Equal(0.02 + half, difference.Interval.High, 0.0015);
    }

    [Fact]
    public void Seeds_that_differ_widen_the_interval_but_not_that_of_these_students()
    {
        bool[] good = [.. Enumerable.Range(0, 400).Select(i => i % 4 != 0)], bad = [.. Enumerable.Range(0, 400).Select(i => i % 2 == 0)];

        var mean = PairedBootstrap.Mean([good, bad, good]);

        Assert.Equal(2.0 / 3, mean.Value, 1e-12);
        Assert.Equal([0.75, 0.5, 0.75], mean.BySeed);
        Assert.True(mean.Interval.High - mean.Interval.Low > 4 * (mean.RowsOnly.High - mean.RowsOnly.Low));
    }

    [Fact]
    public void Seeds_that_agree_add_nothing()
    {
        bool[] rows = [.. Enumerable.Range(0, 1_000).Select(i => i % 3 == 0)];

        var (one, three) = (PairedBootstrap.Mean([rows]), PairedBootstrap.Mean([rows, rows, rows]));

        Assert.Equal(one.Interval.Low, three.Interval.Low, 1e-4);
        Assert.Equal(one.RowsOnly, three.RowsOnly);
    }

    [Fact]
    public void The_other_way_round_the_difference_has_the_other_sign()
    {
        var random = new SplitMix64(3);
        bool[][] one = [Draw(ref random, 0.6), Draw(ref random, 0.7)], other = [Draw(ref random, 0.4), Draw(ref random, 0.5)];

        var (there, back) = (PairedBootstrap.Difference(one, other), PairedBootstrap.Difference(other, one));

        Assert.Equal(there.Value, -back.Value, 1e-12);
        Assert.Equal(there.Interval.Low, -back.Interval.High, 0.01);
    }

    [Fact]
    public void It_follows_its_seed()
    {
        var random = new SplitMix64(5);
        bool[][] seeds = [Draw(ref random, 0.5, 1000)];

        Assert.Equal(PairedBootstrap.Mean(seeds, 1).RowsOnly, PairedBootstrap.Mean(seeds, 1).RowsOnly);
        Assert.NotEqual(PairedBootstrap.Mean(seeds, 1).RowsOnly, PairedBootstrap.Mean(seeds, 2).RowsOnly);
    }

    [Fact]
    public void Arms_that_do_not_match_are_refused()
    {
        Assert.Throws<ArgumentException>(() => PairedBootstrap.Mean([]));
        Assert.Throws<ArgumentException>(() => PairedBootstrap.Mean([[]]));
        Assert.Throws<ArgumentException>(() => PairedBootstrap.Mean([[true], [true, false]]));
        Assert.Throws<ArgumentException>(() => PairedBootstrap.Difference([[true]], [[true], [true]]));
        Assert.Throws<ArgumentException>(() => PairedBootstrap.Difference([[true]], [[true, false]]));
    }

    // 95 % is a promise about repetitions: draw students and rows anew, 2,000 times, and count how often there seems to be a
    // difference where there is none. Reports promise 93 to 97 %; 2·√(0.05·0.95/2000), 1 %, is left to the
    // draw. The whole grid is in IntervalGridTests.
    [Theory]
    [InlineData(1, 0, Difficulty.Shared)]
    [InlineData(3, 0, Difficulty.Shared)]
    [InlineData(3, 0.03, Difficulty.None)]
    [InlineData(3, 0.06, Difficulty.Own)]
    [InlineData(5, 0.01, Difficulty.Shared)]
    internal void Intervals_of_differences_hold_their_level(int seeds, double deviation, Difficulty difficulty)
    {
        var (random, held) = (new SplitMix64(17), 0);
        var comparison = new SimulatedComparison(seeds, 200, 0.7, deviation, difficulty);
        for (var i = 0; i < 2_000; i++)
        {
            var (one, other) = comparison.Draw(ref random);
            var effects = CrossedEffects.Of(seeds, 200, (seed, row) => (one[seed][row] ? 1 : 0) - (other[seed][row] ? 1 : 0), range: 2);
            held += new Estimate(effects.Value, effects.StandardError, effects.Degrees, default, effects.BySeed).Interval.Contains(0) ? 1 : 0;
        }

        Assert.InRange(held / 2_000.0, 0.92, 0.98);
    }

    private static double Uniform(ref SplitMix64 random) => (random.Next() >> 11) / (double)(1UL << 53);

    private static bool[] Draw(ref SplitMix64 random, double share, int rows = 200)
    {
        var draws = new bool[rows];
        for (var i = 0; i < rows; i++)
        {
            draws[i] = Uniform(ref random) < share;
        }

        return draws;
    }
}
