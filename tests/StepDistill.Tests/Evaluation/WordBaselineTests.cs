using StepDistill.Evaluation;
using StepDistill.Evaluation.Statistics;

namespace StepDistill.Tests.Evaluation;

public sealed class WordBaselineTests
{
    [Fact]
    public void A_word_that_decides_is_found()
    {
        var points = WordBaseline.Measure(
            [.. Enumerable.Range(0, 200).Select(i => ($"Row {i} is {(i % 3 == 0 ? "sunny" : "rainy")} today.", i % 3 == 0 ? "good" : "bad"))], 1);
        Assert.Equal([45, 90, 180], points.Select(point => point.Rows));
        Assert.True(points[^1].Score > 0.97, $"{points[^1].Score}");
        Assert.All(points, point => Assert.Equal(200, point.Measured));
    }

    [Fact]
    public void Labels_that_have_nothing_to_do_with_the_text_stay_at_chance()
    {
        var chance = new Random(3);
        var points = WordBaseline.Measure(
            [.. Enumerable.Range(0, 600).Select(i => ($"{chance.Next(40)} {chance.Next(40)} {chance.Next(40)}", chance.Next(2) == 0 ? "a" : "b"))], 1);
        Assert.InRange(points[^1].Score, 0.42, 0.58);
    }

    [Fact]
    public void Few_rows_say_nothing() => Assert.Empty(WordBaseline.Measure([.. Enumerable.Range(0, 19).Select(i => ($"{i}", "a"))], 1));

    [Fact]
    public void The_share_is_that_of_all_training_rows_with_its_interval()
    {
        (string, string)[] rows = [.. Enumerable.Range(0, 200).Select(i => ($"Row {i % 17} is {(i % 3 == 0 ? "sunny" : "rainy")}.", i % 7 == 0 ? "good" : "bad"))];
        var share = WordBaseline.Share(rows, 1)!.Value;
        var whole = WordBaseline.Measure(rows, 1)[^1];

        Assert.Equal(whole.Score, share.Value);
        Assert.Equal(ConfidenceInterval.Wilson((int)Math.Round(200 * whole.Score), 200), share.Interval);
        Assert.Null(WordBaseline.Share(rows[..19], 1));
    }
}
