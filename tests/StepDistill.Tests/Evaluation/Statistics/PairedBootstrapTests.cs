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
    public void Seeds_that_differ_widen_the_interval_by_students_t()
    {
        // All rows alike, so that rows leave no doubt and only the seeds do.
        bool[] right = [.. Enumerable.Repeat(true, 50)], wrong = new bool[50];

        var mean = PairedBootstrap.Mean([right, wrong, right]);

        Assert.Equal(2.0 / 3, mean.Value, 1e-12);
        Assert.Equal([1, 0, 1], mean.BySeed);
        Assert.Equal(Math.Sqrt(1.0 / 3), mean.Deviation!.Value, 1e-12);
        var half = 4.30265273 * Math.Sqrt(1.0 / 3) / Math.Sqrt(3);
        Assert.Equal(2.0 / 3 - half, mean.Interval.Low, 1e-8);
        Assert.Equal(2.0 / 3 + half, mean.Interval.High, 1e-8);
    }

    [Fact]
    public void Seeds_that_agree_add_nothing()
    {
        bool[] rows = [.. Enumerable.Range(0, 100).Select(i => i % 3 == 0)];

        Assert.Equal(PairedBootstrap.Mean([rows]).Interval, PairedBootstrap.Mean([rows, rows, rows]).Interval);
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

        Assert.Equal(PairedBootstrap.Mean(seeds, 1).Interval, PairedBootstrap.Mean(seeds, 1).Interval);
        Assert.NotEqual(PairedBootstrap.Mean(seeds, 1).Interval, PairedBootstrap.Mean(seeds, 2).Interval);
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

    // 95 % is a promise about repetitions: draw students and rows anew and count how often the truth is inside. Rows are
    // of mixed difficulty; a seed shifts all of them. 200 repetitions leave ±3 %.
    [Theory]
    [InlineData(1, 0, 0.90, 1)]
    [InlineData(3, 0, 0.93, 1)]         // seeds do not matter: too wide rather than too narrow
    [InlineData(3, 0.1, 0.92, 1)]      // seeds matter most: drawing them with replacement would hold about 80 %
    [InlineData(5, 0.03, 0.92, 1)]
    public void Intervals_of_differences_hold_their_level(int seeds, double seedDeviation, double least, double most)
    {
        const double Truth = 0.05;
        const int Repetitions = 200, Rows = 150;
        var random = new SplitMix64(17);
        var held = 0;
        for (var repetition = 0; repetition < Repetitions; repetition++)
        {
            double[] difficulty = [.. Enumerable.Range(0, Rows).Select(_ => 0.25 + 0.5 * Uniform(ref random))];
            bool[][] one = [.. Enumerable.Range(0, seeds).Select(_ => Student(Truth))];
            bool[][] other = [.. Enumerable.Range(0, seeds).Select(_ => Student(0))];
            held += PairedBootstrap.Difference(one, other, (ulong)repetition).Interval.Contains(Truth) ? 1 : 0;

            bool[] Student(double quality)
            {
                quality += seedDeviation * Normal(ref random);
                return [.. difficulty.Select(row => Uniform(ref random) < row + quality)];
            }
        }

        Assert.InRange((double)held / Repetitions, least, most);
    }

    private static double Uniform(ref SplitMix64 random) => (random.Next() >> 11) / (double)(1UL << 53);

    private static double Normal(ref SplitMix64 random) =>
        Math.Sqrt(-2 * Math.Log(1 - Uniform(ref random))) * Math.Cos(2 * Math.PI * Uniform(ref random));

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
