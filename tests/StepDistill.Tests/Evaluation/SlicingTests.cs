using CsCheck;
using StepDistill.Evaluation;
using StepDistill.Evaluation.Statistics;
using StepDistill.Tasks;

namespace StepDistill.Tests.Evaluation;

public sealed class SlicingTests
{
    [Fact]
    public void Labels_are_slices_and_the_teacher_is_compared_where_it_was_asked()
    {
        var rows = Answers.Rows("owl", "Owl", "owl", "crow");

        var slices = Slicing.By("label", Answers.Birds, rows, Report(rows, true, true, false, false), Report(rows[1..], false, true, true));

        Assert.Equal(
            [new Slice("label", "owl", 3, 2, 2, 1, 1), new Slice("label", "crow", 1, 0, 1, 1, 0)],
            slices);
        Assert.Equal((2.0 / 3, 0.5, 0.0), (slices[0].Accuracy, slices[0].TeacherAccuracy, slices[0].Difference));
        Assert.Equal(ConfidenceInterval.Wilson(2, 3), slices[0].Interval);
        Assert.Equal(-1, slices[1].Difference);
    }

    [Fact]
    public void Without_a_teacher_there_is_no_difference()
    {
        var rows = Answers.Rows("owl");

        var slice = Assert.Single(Slicing.By("label", Answers.Birds, rows, Report(rows, true), null));

        Assert.Null(slice.TeacherAccuracy);
        Assert.Null(slice.Difference);
    }

    [Fact]
    public void Inputs_are_cut_into_four_ranges_of_words()
    {
        Example[] rows = [.. Enumerable.Range(1, 8).Select(words => Row($"{words}", string.Join(' ', Enumerable.Repeat("a", words))))];

        var slices = Slicing.By("input-length", Answers.Birds, rows, Report(rows, true, true, true, true, false, false, false, false), null);

        Assert.Equal(["1 to 2", "3 to 4", "5 to 6", "7 to 8"], slices.Select(slice => slice.Value));
        Assert.Equal([2, 2, 0, 0], slices.Select(slice => slice.Correct));
    }

    [Fact]
    public void A_column_makes_a_slice_of_each_value_and_one_of_rows_without_it()
    {
        Example[] rows =
        [
            Row("a", "x", ("Genre", "fiction")), Row("b", "x", ("Genre", "letters")), Row("c", "x", ("Genre", "letters")), Row("d", "x"),
        ];

        Assert.Equal(
            [("letters", 2), ("fiction", 1), ("(none)", 1)],
            Slicing.By("genre", Answers.Birds, rows, Report(rows, true, true, true, true), null).Select(slice => (slice.Value, slice.Rows)));
    }

    [Fact]
    public void Many_values_share_a_slice_and_many_numbers_are_cut_into_ranges()
    {
        Example[] rows = [.. Enumerable.Range(0, 40).Select(n => Row($"{n}", "x", ("word", $"w{n}"), ("year", $"{1980 + n}")))];
        var report = Report(rows, [.. rows.Select(_ => true)]);

        var words = Slicing.By("word", Answers.Birds, rows, report, null);
        var years = Slicing.By("year", Answers.Birds, rows, report, null);

        Assert.Equal((Slicing.MaxValues, "(21 others)", 21), (words.Count, words[^1].Value, words[^1].Rows));
        Assert.Equal(["1980 to 1989", "1990 to 1999", "2000 to 2009", "2010 to 2019"], years.Select(slice => slice.Value));
    }

    [Fact]
    public void A_column_that_no_row_has_is_refused_with_those_there_are()
    {
        Example[] rows = [Row("a", "x", ("genre", "fiction"))];

        var fault = Assert.Throws<StepDistillException>(() => Slicing.By("gnre", Answers.Birds, rows, Report(rows, true), null));

        Assert.Contains("'gnre'", fault.Message, StringComparison.Ordinal);
        Assert.Contains("genre", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Slices_part_the_rows_whatever_they_hold() =>
        Gen.Select(Gen.OneOf(Gen.Int[-3, 60].Select(n => (string?)$"{n}"), Gen.String[0, 2].Select(s => (string?)s), Gen.Const((string?)null)), Gen.Bool)
            .Array[1, 60].Sample(cells =>
            {
                Example[] rows = [.. cells.Select((cell, n) => cell.Item1 is { } value ? Row($"{n}", $"x {value}", ("c", value)) : Row($"{n}", "x"))];
                var report = Report(rows, [.. cells.Select(cell => cell.Item2)]);
                foreach (var by in rows.Any(row => row.Columns.Count > 0) ? new[] { "c", "input-length", "label" } : ["input-length", "label"])
                {
                    var slices = Slicing.By(by, Answers.Birds, rows, report, report);
                    Assert.Equal((rows.Length, report.Correct), (slices.Sum(slice => slice.Rows), slices.Sum(slice => slice.Correct)));
                    Assert.Equal(slices.Count, slices.Select(slice => slice.Value).Distinct().Count());
                    Assert.All(slices, slice => Assert.Equal(0, slice.Difference));
                }
            }, iter: 300);

    private static Example Row(string id, string input, params (string Name, string Value)[] columns) => new()
    {
        Id = id,
        Input = input,
        Label = "owl",
        Columns = columns.ToDictionary(column => column.Name, column => column.Value, StringComparer.OrdinalIgnoreCase),
    };

    private static EvaluationReport Report(Example[] rows, params bool[] right) => new()
    {
        Subject = "someone",
        Task = "birds",
        Split = "test",
        RowsHash = "",
        Rows = rows.Length,
        Correct = right.Count(one => one),
        Unreadable = 0,
        Skipped = 0,
        Baseline = 0,
        Predictions = [.. rows.Zip(right, (row, one) => new ScoredRow(row.Id, row.Label!, "x", one, true))],
    };
}
