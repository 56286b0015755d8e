using StepDistill.Batches;
using StepDistill.Evaluation.Statistics;

namespace StepDistill.Tests.Evaluation.Statistics;

public sealed class NonInferiorityTests
{
    // R: pt(-(0.01 + 0.02) / 0.01, 2) and pnorm(-3).
    [Theory]
    [InlineData(2, 0.0477329831333546)]
    [InlineData(1e7, 0.00134989803163)]
    public void The_p_value_is_Students(double degrees, double expected) =>
        Assert.Equal(expected, NonInferiority.Test(new(0.01, 0.01, degrees, default, [0.01]), 0.02), 1e-8);

    [Theory]
    [InlineData(2.5)]
    [InlineData(500)]
    public void It_is_shown_exactly_where_the_interval_lies_above_the_margin(double degrees)
    {
        var margin = -new Estimate(0.01, 0.01, degrees, default, [0.01]).Interval.Low;

        Assert.Equal(0.025, NonInferiority.Test(new(0.01, 0.01, degrees, default, [0.01]), margin), 1e-7);
        Assert.True(NonInferiority.Test(new(0.01, 0.01, degrees, default, [0.01]), margin + 1e-6) < 0.025);
        Assert.True(NonInferiority.Test(new(0.01, 0.01, degrees, default, [0.01]), margin - 1e-6) > 0.025);
    }

    [Theory]
    [InlineData(-0.01)]
    [InlineData(double.NaN)]
    public void A_margin_below_0_is_refused(double margin) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => NonInferiority.Test(new(0, 1, 1, default, [0]), margin));

    /// <summary>A student that is worse by the whole margin passes 25 times in 1,000.</summary>
    [Fact]
    public void At_the_margin_it_passes_at_its_level()
    {
        const double Margin = 0.03;
        var random = new SplitMix64(77);
        var passed = 0;
        for (var i = 0; i < 2_000; i++)
        {
            var (one, other) = (Student(ref random, 0.7 - Margin), Student(ref random, 0.7));
            var effects = CrossedEffects.Of(1, 1_000, (_, row) => (one[row] ? 1 : 0) - (other[row] ? 1 : 0), range: 2);
            passed += NonInferiority.Test(
                new(effects.Value, effects.StandardError, effects.Degrees, default, effects.BySeed), Margin) < 0.025 ? 1 : 0;
        }

        Assert.InRange(passed / 2_000.0, 0.025 - 0.0105, 0.025 + 0.0105);      // 3·√(0.025·0.975/2000)
    }

    private static bool[] Student(ref SplitMix64 random, double accuracy)
    {
        var rows = new bool[1_000];
        for (var row = 0; row < rows.Length; row++)
        {
            rows[row] = SimulatedComparison.Uniform(ref random) < accuracy;
        }

        return rows;
    }
}
