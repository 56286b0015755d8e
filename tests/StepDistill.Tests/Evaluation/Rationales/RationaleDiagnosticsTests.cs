using StepDistill.Annotations;
using StepDistill.Evaluation.Comparisons;
using StepDistill.Evaluation.Rationales;
using StepDistill.Tasks;

namespace StepDistill.Tests.Evaluation.Rationales;

public sealed class RationaleDiagnosticsTests
{
    private static readonly TaskSpec Mood = new() { Name = "mood", Answer = AnswerKind.Label, Labels = ["good", "bad"] };

    [Fact]
    public async Task Shares_are_counted_as_defined()
    {
        var found = await MeasureAsync(Mood,
            Row("i", "good", "The sun makes it good."),         // its own label
            Row("i", "GOOD", "Not bad."),                       // another's only; written in capitals
            Row("i", "bad", "Neither good nor bad, but wet."),  // both: its own
            Row("i", "bad", "It rains."),
            Row("i", "bad", null),
            new AnnotatedExample(Example("i"), null));

        Assert.Equal(4, found!.Rows);
        Assert.Equal(3.5, found.Words);         // 2, 2, 5 and 6
        Assert.Equal(0.5, found.NamesOwnLabel);
        Assert.Equal(0.25, found.NamesOnlyOtherLabel);
        Assert.Equal(0.5, found.CommonestLabel);
        Assert.Null(found.LabelFromRationale);  // fewer than twenty rows
        Assert.Null(found.LabelFromInput);
    }

    [Fact]
    public async Task A_rationale_that_gives_the_label_away_is_found_and_an_input_that_does_not_is_not()
    {
        var chance = new Random(4);
        var rows = Enumerable.Range(0, 6_000).Select(i =>
        {
            var good = chance.Next(2) == 0;
            return Row($"{chance.Next(50)} {chance.Next(50)}", good ? "good" : "bad", good ? $"sun {i % 9}" : $"rain {i % 9}");
        }).ToArray();

        var found = await MeasureAsync(Mood, rows);

        Assert.Equal(6_000, found!.Rows);
        Assert.True(found.LabelFromRationale > 0.99);
        Assert.True(found.LabelFromRationaleLow < found.LabelFromRationale || found.LabelFromRationaleHigh == 1);
        Assert.True(found.LabelFromRationaleHigh - found.LabelFromRationaleLow > 0.0005, "5,000 rows at most leave that much doubt");
        Assert.InRange(found.LabelFromInput!.Value, 0.46, 0.54);
        Assert.InRange(found.CommonestLabel, 0.5, 0.53);
        Assert.Equal(0, found.NamesOwnLabel);
        Assert.Equal(found, await MeasureAsync(Mood, rows));
    }

    [Fact]
    public async Task Choices_are_the_rows_own()
    {
        var task = new TaskSpec { Name = "where", Answer = AnswerKind.Choice };
        var found = await MeasureAsync(task,
            Row("i", "b", "A fly lives in a garden shed.", "house", "garden shed"),     // by its letter
            Row("i", "house", "There is no garden shed.", "house", "garden shed"),
            Row("i", "sea", "A garden shed is far away.", "lake", "sea"));              // no choice of this row

        Assert.Equal(1 / 3.0, found!.NamesOwnLabel, 1e-12);
        Assert.Equal(1 / 3.0, found.NamesOnlyOtherLabel!.Value, 1e-12);
        Assert.Null(found.LabelFromRationale);
    }

    [Fact]
    public async Task Equations_are_named_by_their_value()
    {
        var task = new TaskSpec { Name = "sums", Answer = AnswerKind.Equation };
        var found = await MeasureAsync(task, Row("i", "( 84.0 / 2.0 )", "Half of 84 is 42."), Row("i", "84 / 2", "Half of 84."));

        Assert.Equal(0.5, found!.NamesOwnLabel);
        Assert.Null(found.NamesOnlyOtherLabel);
    }

    [Fact]
    public async Task Free_text_has_no_other_labels()
    {
        var found = await MeasureAsync(new TaskSpec { Name = "text", Answer = AnswerKind.Text }, Row("i", "New York", "It is in new york."));

        Assert.Equal(1, found!.NamesOwnLabel);
        Assert.Null(found.NamesOnlyOtherLabel);
    }

    [Fact]
    public async Task Without_rationales_there_is_nothing_to_say() => Assert.Null(await MeasureAsync(Mood, Row("i", "good", null)));

    private static Task<ComparedRationales?> MeasureAsync(TaskSpec task, params AnnotatedExample[] rows) =>
        RationaleDiagnostics.MeasureAsync(task, rows.ToAsyncEnumerable(), 1, TestContext.Current.CancellationToken);

    private static AnnotatedExample Row(string input, string label, string? rationale, params string[] choices) => new(
        Example(input) with { Choices = choices },
        new() { Key = "", ExampleId = "1", Teacher = "t", Status = AnnotationStatus.Ok, Reply = "", Label = label, Rationale = rationale });

    private static Example Example(string input) => new() { Id = "1", Input = input };
}
