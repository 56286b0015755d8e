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
            Assert.Equal(5_000, curve.RowsFor(Law(5_000)).Value!.Value, 5);
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
        Assert.Equal(default, curve.RowsFor(0.9));
        Assert.Equal(100, curve.RowsFor(0.6).High);     // nothing tells what fewer reach
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

    [Fact]
    public void Seeds_that_differ_make_the_curve_less_sure()
    {
        var (sure, unsure) = (Curve(0.001), Curve(0.02));

        Assert.Equal(sure.At(1_000).Value, unsure.At(1_000).Value, 1e-12);
        Assert.True(Width(unsure) > 3 * Width(sure));

        static LearningCurve Curve(double error) => LearningCurve.Fit(
            [Point(100, 0.5, error), Point(200, 0.6, error), Point(400, 0.64, error)]);
        static double Width(LearningCurve curve) => curve.At(1_000).Interval.High - curve.At(1_000).Interval.Low;
    }

    [Fact]
    public void Noise_that_few_seeds_tell_of_is_less_sure_than_noise_that_is_known()
    {
        var (few, many) = (Curve(2), Curve(1_000));

        Assert.True(few.High - few.Low > 1.25 * (many.High - many.Low), $"{few} {many}");

        static ConfidenceInterval Curve(double degrees) => LearningCurve.Fit(
            [Point(1_000, 0.6, 0.005, degrees), Point(4_000, 0.7, 0.005, degrees)]).At(2_000).Interval;
    }

    // 0.8 − 3.2/√n against one that reaches 0.7 with 4,000 rows: (3.2/0.1)² = 1,024.
    [Fact]
    public void Rows_saved_are_those_of_the_law()
    {
        long[] rows = [500, 1_000, 2_000, 4_000];
        var curve = LearningCurve.Fit([.. rows.Select(n => Point(n, 0.8 - (3.2 / Math.Sqrt(n)), 0.003))]);

        var saving = curve.Saving(Point(4_000, 0.7, 0.003));
        var known = curve.RowsFor(0.7);

        Assert.Equal(1_024, saving.Value!.Value, 1);
        Assert.Equal(saving.Value, known.Value);
        Assert.InRange(saving.Low!.Value, 500, 1_024);
        Assert.InRange(saving.High!.Value, 1_024, 2_000);
        Assert.True(saving.High - saving.Low > known.High - known.Low);      // the other's accuracy is uncertain too
        Assert.Equal(saving, curve.Saving(Point(4_000, 0.7, 0.003)));
    }

    [Fact]
    public void What_never_gets_there_needs_no_number()
    {
        var curve = LearningCurve.Fit([Point(1_000, 0.55, 0.003), Point(2_000, 0.56, 0.003), Point(4_000, 0.565, 0.003)]);
        Assert.Equal(default, curve.Saving(Point(4_000, 0.8, 0.003)));
    }

    [Fact]
    public void What_may_get_there_or_not_has_an_open_end()
    {
        var curve = LearningCurve.Fit([Point(1_000, 0.55, 0.01), Point(2_000, 0.58, 0.01), Point(4_000, 0.6, 0.01)]);
        var saving = curve.Saving(Point(4_000, 0.62, 0.01));
        Assert.NotNull(saving.Value);
        Assert.NotNull(saving.Low);
        Assert.Null(saving.High);
    }

    [Fact]
    public void A_falling_curve_and_a_single_seed_make_no_trouble()
    {
        var falling = LearningCurve.Fit([new(1_000, 0.7, 300), new(2_000, 0.68, 300), new(4_000, 0.66, 300)]);
        Assert.Equal(default, falling.Saving(new(4_000, 0.9, 300)));
        Assert.Equal(1_000, falling.Saving(new(4_000, 0.5, 300)).Value);
    }

    [Fact]
    public void A_curve_over_parameters_is_a_curve()
    {
        var curve = LearningCurve.Fit([new(60_000_000, 0.5, 1_000), new(220_000_000, 0.6, 1_000), new(770_000_000, 0.65, 1_000)]);
        Assert.InRange(curve.Saving(new(770_000_000, 0.58, 1_000)).Value!.Value, 60_000_000, 220_000_000);
    }

    [Fact]
    public void Points_share_what_their_seeds_tell_of_noise()
    {
        // Whichever point's three seeds happen to agree: squares are averaged, relative to a share's.
        var (first, last) = (Curve(0.001, 0.04), Curve(0.04, 0.001));
        Assert.Equal(first.High - first.Low, last.High - last.Low, 0.15 * (first.High - first.Low));

        static ConfidenceInterval Curve(double one, double other) => LearningCurve.Fit(
            [Point(1_000, 0.48, one), Point(4_000, 0.52, other)]).At(2_000).Interval;
    }

    private static CurvePoint Point(long rows, double score, double error, double degrees = 1e6) =>
        CurvePoint.Of(rows, new(score, error, degrees, default, [score]), 1_000);
}
