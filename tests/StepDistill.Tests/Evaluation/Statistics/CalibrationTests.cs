using StepDistill.Batches;
using StepDistill.Evaluation.Statistics;

namespace StepDistill.Tests.Evaluation.Statistics;

public sealed class CalibrationTests
{
    // Two confidences, so two bins: |0.6 − 0.5|·4/10 + |0.9 − 5/6|·6/10 = 0.04 + 0.04.
    // Brier: (2·0.16 + 2·0.36 + 5·0.01 + 0.81) / 10.
    [Fact]
    public void It_is_the_arithmetic_of_the_paper()
    {
        var calibration = Calibration.Of([
            .. Enumerable.Range(0, 4).Select(i => (0.6, i < 2)), .. Enumerable.Range(0, 6).Select(i => (0.9, i < 5))]);

        Assert.Equal(0.08, calibration.ExpectedError, 1e-12);
        Assert.Equal(0.19, calibration.Brier, 1e-12);
        Assert.Equal([4, 6], calibration.Bins.Select(bin => bin.Rows));
        Assert.Equal(0.6, calibration.Bins[0].Confidence, 1e-12);
        Assert.Equal(0.5, calibration.Bins[0].Accuracy, 1e-12);
    }

    [Theory]
    [InlineData(15, 1)]
    [InlineData(1_500, 100)]
    public void Bins_hold_equally_many_rows(int rows, int each)
    {
        var calibration = Calibration.Of([.. Enumerable.Range(0, rows).Select(i => (i / (double)rows, i % 2 == 0))]);

        Assert.Equal(Enumerable.Repeat(each, 15), calibration.Bins.Select(bin => bin.Rows));
        Assert.Equal(calibration.Bins.OrderBy(bin => bin.Confidence), calibration.Bins);
    }

    [Fact]
    public void The_order_of_rows_does_not_matter_and_all_are_counted()
    {
        var random = new SplitMix64(3);
        (double, bool)[] rows = [.. Enumerable.Range(0, 997).Select(i => ((i * 7 % 40) / 40.0, i % 3 == 0))];
        var first = Calibration.Of(rows);
        random.Shuffle(rows.AsSpan());
        var second = Calibration.Of(rows);

        Assert.Equal(997, first.Bins.Sum(bin => bin.Rows));
        Assert.InRange(first.Bins.Count, 10, 15);
        Assert.Equal(first.ExpectedError, second.ExpectedError, 1e-12);
        Assert.Equal(first.Bins.Select(bin => bin.Rows), second.Bins.Select(bin => bin.Rows));
    }

    /// <summary>Of students that know how sure they may be, only chance is left: √(2/π)·√(p·(1 − p)/rows of a bin), on average.</summary>
    [Fact]
    public void Of_calibrated_confidences_only_chance_is_left()
    {
        const int Rows = 1_500;
        var random = new SplitMix64(8);
        var (sum, expected) = (0.0, 0.0);
        for (var i = 0; i < 200; i++)
        {
            var rows = new (double, bool)[Rows];
            for (var row = 0; row < Rows; row++)
            {
                var confidence = 0.5 + (SimulatedComparison.Uniform(ref random) / 2);
                rows[row] = (confidence, SimulatedComparison.Uniform(ref random) < confidence);
                expected += Math.Sqrt(2 / Math.PI * confidence * (1 - confidence) / (Rows / 15.0)) / Rows / 200;
            }

            sum += Calibration.Of(rows).ExpectedError / 200;
        }

        Assert.Equal(expected, sum, 0.03 * expected);
        Assert.Equal(0.03, expected, 0.005);
    }

    [Fact]
    public void A_student_too_sure_of_itself_is_found() =>
        Assert.Equal(0.2, Calibration.Of([.. Enumerable.Range(0, 1_000).Select(i => (0.9, i % 10 < 7))]).ExpectedError, 1e-9);

    [Theory]
    [InlineData(-0.1)]
    [InlineData(1.1)]
    [InlineData(double.NaN)]
    public void What_is_no_confidence_is_refused(double confidence) =>
        Assert.Throws<ArgumentException>(() => Calibration.Of([(confidence, true)]));

    [Fact]
    public void Without_rows_there_is_none() => Assert.Throws<ArgumentException>(() => Calibration.Of([]));
}
