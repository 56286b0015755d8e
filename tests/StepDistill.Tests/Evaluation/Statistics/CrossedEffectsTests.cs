using StepDistill.Evaluation.Statistics;

namespace StepDistill.Tests.Evaluation.Statistics;

public sealed class CrossedEffectsTests
{
    // Rows (1 1), (1 0), (1 1), (0 0), (1 0) of two seeds: mean 0.6; row sums 2, 1, 2, 0, 1; seeds' means 0.8 and 0.4.
    // SS_rows = 2·(0.16 + 0.01 + 0.16 + 0.36 + 0.01) = 1.4, SS_seeds = 5·2·0.04 = 0.4, SS_all = 6 − 10·0.36 = 2.4, SS_rest = 0.6.
    // One more answer at each end adds ½ to SS_rows: MS_rows = 1.9/4 = 0.475, MS_seeds = 0.4, MS_rest = 0.6/4 = 0.15.
    [Fact]
    public void Mean_squares_are_those_of_the_analysis_of_variance()
    {
        int[][] seeds = [[1, 1, 1, 0, 1], [1, 0, 1, 0, 0]];

        var effects = CrossedEffects.Of(2, 5, (seed, row) => seeds[seed][row], range: 1);

        Assert.Equal(0.6, effects.Value, 1e-12);
        Assert.Equal([0.8, 0.4], effects.BySeed);
        Assert.Equal(Math.Sqrt((0.475 + 0.4 - 0.15) / 10), effects.StandardError, 1e-12);
        Assert.Equal(0.725 / ((0.475 / 4) + 0.4 + (0.15 / 4)), effects.Degrees, 1e-12);
    }

    [Fact]
    public void One_seed_has_the_standard_error_of_its_rows()
    {
        var effects = CrossedEffects.Of(1, 1_000, (_, row) => row % 4 == 0 ? 1 : 0, range: 1);

        Assert.Equal(Math.Sqrt(((1_000 * 0.25 * 0.75) + 0.5) / 999 / 1_000), effects.StandardError, 1e-12);
        Assert.Equal(999, effects.Degrees, 1e-9);
    }

    [Fact]
    public void Where_only_seeds_differ_they_decide()
    {
        // Rows alternate, the first seed is right on all, the others on half: what is not the seeds' is little beside it.
        var effects = CrossedEffects.Of(3, 10_000, (seed, row) => seed == 0 || (row + seed) % 2 == 0 ? 1 : 0, range: 1);

        Assert.Equal(Math.Sqrt(1 / 12.0 / 3), effects.StandardError, 1e-4);
        Assert.Equal(2, effects.Degrees, 0.01);
    }

    [Fact]
    public void Where_seeds_do_not_differ_rows_decide()
    {
        var effects = CrossedEffects.Of(3, 1_000, (_, row) => row % 2, range: 1);

        Assert.Equal(Math.Sqrt(0.25 / 1_000), effects.StandardError, 1e-4);
        Assert.True(effects.Degrees > 900, $"{effects.Degrees}");
    }

    [Fact]
    public void Seeds_that_happen_to_agree_do_not_make_it_certain()
    {
        // On each row one of two seeds is right: seeds' means are equal and rows too, so nothing seems to vary.
        var effects = CrossedEffects.Of(2, 1_000, (seed, row) => (row + seed) % 2, range: 1);

        Assert.True(effects.StandardError > 0);
        Assert.Equal(Math.Sqrt(0.25 * 0.5 / 999 / 2_000), effects.StandardError, 1e-12);
    }

    [Fact]
    public void Rows_that_all_agree_leave_the_doubt_of_two_more()
    {
        var effects = CrossedEffects.Of(1, 100, (_, _) => 1, range: 1);

        Assert.Equal(1, effects.Value);
        Assert.Equal(Math.Sqrt(0.5 / 99 / 100), effects.StandardError, 1e-12);
    }
}
