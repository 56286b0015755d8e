using MathNet.Numerics.Distributions;
using StepDistill.Batches;
using StepDistill.Evaluation.Statistics;

namespace StepDistill.Tests.Evaluation.Statistics;

public sealed class McNemarTests
{
    // Fagerland, Lydersen and Laake 2013, table 1 (airway hyper-responsiveness before and after a transplantation): mid-p 0.039.
    // The others: 2·P(X ≤ fewer) − P(X = fewer), X binomial with ½; 11/1024, 20/64 − 6/64 …
    [Theory]
    [InlineData(1, 7, 10.0 / 256)]
    [InlineData(7, 1, 10.0 / 256)]
    [InlineData(0, 6, 1.0 / 64)]
    [InlineData(2, 4, 38.0 / 64 + 6.0 / 64 - 15.0 / 64)]
    [InlineData(3, 3, 1)]
    [InlineData(0, 0, 1)]
    public void One_seed_is_tested_by_the_mid_p_value(int onlyOne, int onlyOther, double expected)
    {
        var test = McNemar.Test([Right(onlyOne, 0, 13)], [Right(0, onlyOther, 13, onlyOne)]);

        Assert.Equal((onlyOne, onlyOther), (test.OnlyOne, test.OnlyOther));
        Assert.Equal(expected, test.PValue, 1e-12);
    }

    // Rows' imbalances over three seeds: 3, 2, 1, −1, and 0 where they cancel: Σd = 5, Σd² = 15, χ² = 25/15.
    [Fact]
    public void Rows_are_clusters_over_several_seeds()
    {
        bool[][] one = [[true, true, true, false, true], [true, true, false, false, false], [true, false, false, false, true]];
        bool[][] other = [[false, false, false, true, false], [false, false, false, false, true], [false, false, false, false, true]];

        var test = McNemar.Test(one, other);

        Assert.Equal((7, 2), (test.OnlyOne, test.OnlyOther));
        Assert.Equal(1 - ChiSquared.CDF(1, 25.0 / 15), test.PValue, 1e-9);
    }

    [Fact]
    public void The_same_students_twice_are_no_more_evidence_than_once()
    {
        bool[] one = Right(30, 0, 200), other = Right(0, 15, 200, 30);

        var twice = McNemar.Test([one, one], [other, other]);

        Assert.Equal((60, 30), (twice.OnlyOne, twice.OnlyOther));
        Assert.Equal(1 - ChiSquared.CDF(1, 15.0 * 15 / 45), twice.PValue, 1e-9);     // McNemar 1947 for 30 and 15
    }

    [Fact]
    public void Seeds_that_agree_with_each_other_show_nothing() =>
        Assert.Equal(1, McNemar.Test([[true, false], [true, true]], [[true, false], [true, true]]).PValue);

    [Fact]
    public void Arms_that_do_not_match_are_refused()
    {
        Assert.Throws<ArgumentException>(() => McNemar.Test([], []));
        Assert.Throws<ArgumentException>(() => McNemar.Test([[true]], [[true], [true]]));
        Assert.Throws<ArgumentException>(() => McNemar.Test([[true]], [[true, false]]));
    }

    /// <summary>Students without a difference on the rows of all comparisons are told apart in 5 of 100.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void Without_a_difference_it_rejects_at_its_level(int seeds)
    {
        var random = new SplitMix64(31);
        var comparison = new SimulatedComparison(seeds, 300, 0.7, 0, Difficulty.Shared);
        var rejected = 0;
        for (var i = 0; i < 2_000; i++)
        {
            var (one, other) = comparison.Draw(ref random);
            rejected += McNemar.Test(one, other).PValue < 0.05 ? 1 : 0;
        }

        Assert.InRange(rejected / 2_000.0, 0.05 - 0.0146, 0.05 + 0.0146);      // 3·√(0.05·0.95/2000)
    }

    private static bool[] Right(int first, int then, int rows, int skip = 0) =>
        [.. Enumerable.Range(0, rows).Select(i => i < first || (i >= skip && i < skip + then))];
}
