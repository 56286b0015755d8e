using CsCheck;
using StepDistill.Evaluation.Statistics;

namespace StepDistill.Tests.Evaluation.Statistics;

public sealed class LearningCurveTests
{
    [Fact]
    public void A_power_law_is_found_again() =>
        Gen.Select(Gen.Double[0.5, 1], Gen.Double[1, 8], Gen.Int[4, 16]).Sample((ceiling, slope, twentieths) =>
        {
            var rate = twentieths / 20.0;
            double Law(long rows) => ceiling - (slope * Math.Pow(rows, -rate));
            long[] rows = [100, 200, 400, 800, 1_600];
            if (Law(100) < 0)
            {
                return;     // no share
            }

            var curve = LearningCurve.Fit([.. rows.Select(n => new CurvePoint(n, Law(n), 1_000_000))]);

            Assert.Equal(ceiling, curve.Ceiling, 1e-6);
            Assert.Equal(Law(10_000), curve.At(10_000).Value, 1e-6);
            Assert.Equal(Law(3_200) - Law(1_600), curve.Gain(1_600, 3_200).Value, 1e-6);
            Assert.Equal(5_000, curve.RowsFor(Law(5_000))!.Value, 5);
            Assert.True(curve.Gain(1_600, 3_200).Interval.Contains(Law(3_200) - Law(1_600)));
        });

    /// <summary>An interval of 95 % holds the truth about nineteen times in twenty, on curves measured with the noise of 500 rows.</summary>
    [Fact]
    public void The_interval_holds_what_it_says()
    {
        var random = new Random(5);
        static double Law(long rows) => 0.9 - (2 * Math.Pow(rows, -0.5));
        long[] rows = [250, 500, 1_000, 2_000, 4_000];
        var held = Enumerable.Range(0, 200).Count(_ => LearningCurve
            .Fit([.. rows.Select(n => new CurvePoint(n, Enumerable.Range(0, 500).Count(_ => random.NextDouble() < Law(n)) / 500.0, 500))])
            .At(8_000).Interval.Contains(Law(8_000)));
        Assert.InRange(held, 170, 200);
    }

    [Fact]
    public void A_flat_curve_promises_nothing()
    {
        var curve = LearningCurve.Fit([new(100, 0.7, 10_000), new(200, 0.7, 10_000), new(400, 0.7, 10_000)]);
        Assert.Equal(0, curve.Gain(400, 800).Value, 1e-3);
        Assert.Null(curve.RowsFor(0.9));
    }

    [Fact]
    public void Worse_with_more_rows_is_noise_and_no_reason_to_expect_less()
    {
        var curve = LearningCurve.Fit([new(100, 0.72, 300), new(200, 0.70, 300), new(400, 0.69, 300)]);
        Assert.InRange(curve.Gain(400, 800).Value, 0, 0.001);
        Assert.True(curve.Gain(400, 800).Interval.High > 0.005);
    }

    [Fact]
    public void Two_points_make_a_curve_and_one_does_not()
    {
        var curve = LearningCurve.Fit([new(100, 0.6, 500), new(400, 0.7, 500)]);
        Assert.Equal(0.8, curve.Ceiling, 1e-9);        // rate one half: 0.8 − 2/√n
        Assert.Throws<ArgumentException>(() => LearningCurve.Fit([new(100, 0.6, 500), new(100, 0.7, 500)]));
    }

    [Fact]
    public void The_same_points_give_the_same_curve()
    {
        CurvePoint[] points = [new(100, 0.5, 200), new(200, 0.6, 200), new(400, 0.64, 200)];
        Assert.Equal(LearningCurve.Fit(points).At(1_000), LearningCurve.Fit(points).At(1_000));
    }
}
