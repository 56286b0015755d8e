using StepDistill.Inference.Confidence;

namespace StepDistill.Inference.Tests.Confidence;

public sealed class StudentCalibratorTests
{
    [Fact]
    public void A_student_that_is_too_sure_is_less_wrong_about_it_afterwards()
    {
        var random = new Random(3);
        var rows = Enumerable.Range(0, 2000).Select(_ =>
        {
            // Right in seven of ten cases, and sure of it as if it were in 99 of 100.
            var right = random.NextDouble() < 0.7 ? 0 : 1;
            return new CalibrationRow([0, -4 - random.NextDouble()], right, [random.Next(100)]);
        }).ToList();

        var found = StudentCalibrator.Fit(rows)!;

        Assert.InRange(found.ErrorBefore, 0.25, 0.35);
        Assert.InRange(found.ErrorAfter, 0, 0.08);
        Assert.InRange(found.Temperature, 4, 7);
        Assert.Equal(2000, found.Rows);
        Assert.NotNull(found.Familiarity);
    }

    [Fact]
    public void The_order_of_rows_decides_nothing_that_matters()
    {
        var random = new Random(4);
        var rows = Enumerable.Range(0, 400).Select(i => new CalibrationRow([0, -1], i < 280 ? 0 : 1, [random.Next(100)])).ToList();

        // Sorted by what is right: halves in this order would learn from the one kind and be judged by the other.
        Assert.InRange(StudentCalibrator.Fit(rows)!.ErrorAfter, 0, 0.08);
    }

    [Fact]
    public void Without_a_right_label_among_those_scored_there_is_nothing_to_learn() =>
        Assert.Null(StudentCalibrator.Fit([new([0, -1], -1, [1])]));
}
