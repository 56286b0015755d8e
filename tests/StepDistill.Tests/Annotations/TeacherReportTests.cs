using StepDistill.Annotations;
using StepDistill.Annotations.Filters;
using StepDistill.Evaluation.Statistics;
using StepDistill.Recipes;
using StepDistill.Tasks;

namespace StepDistill.Tests.Annotations;

public sealed class TeacherReportTests
{
    private static readonly TaskSpec Mood = new() { Name = "mood", Answer = AnswerKind.Label, Labels = ["good", "bad"] };

    [Fact]
    public async Task A_vote_is_compared_with_gold_and_the_answers_with_each_other()
    {
        var report = await Count(
            new TeacherSection(),
            Row("good", "good", "good", "bad"),     // right by vote, 2/3 agree
            Row("GOOD", "bad", "bad", "bad"),       // wrong, all agree
            Row("bad", "-", "bad", "-"),            // right, one answer only
            Row("bad", "-", "-", "-"),              // no vote: wrong
            Row("bad"),                             // not annotated: not judged
            Row(null, "good", "bad", "bad"));       // no gold

        Assert.Equal((6L, 4L, 15L), (report.Rows, report.Useful, report.Answers));
        Assert.Equal((4L, 2L, 0.5), (report.Judged, report.Correct, report.Accuracy!.Value));
        Assert.Equal(ConfidenceInterval.Wilson(2, 4), report.Interval);
        Assert.Equal((3L, 1L), (report.Compared, report.Unanimous));
        Assert.Equal((2 / 3.0 + 1 + 2 / 3.0) / 3, report.Agreement!.Value, 12);
        Assert.Equal([new("good", 2, 1, 1), new LabelCount("bad", 3, 3, 1)], report.Labels);
        Assert.Equal([new FilterCount("readable", "the teacher's reply is unreadable", 5)], report.Dropped);
    }

    [Fact]
    public async Task Useful_are_the_rows_that_the_filters_leave_something_of()
    {
        var report = await Count(new TeacherSection { Keep = ["correct"] }, Row("good", "good", "bad"), Row("good", "bad"), Row(null, "bad"));

        Assert.Equal((1L, 4L), (report.Useful, report.Answers));
        Assert.Equal(
            [("the teacher's label is wrong", 2L), ("there is no gold label to check the teacher's by", 1L)],
            report.Dropped.Select(one => (one.Reason, one.Answers)));
    }

    [Fact]
    public async Task Where_nothing_is_known_nothing_is_claimed()
    {
        var report = await Count(new TeacherSection(), Row(null, "good"), Row("good", "!"));

        Assert.Equal((0L, null, null, null), (report.Judged, report.Accuracy, report.Interval, report.Agreement));
    }

    /// <summary>A row with answers; "-" is an unreadable one, "!" one that never came.</summary>
    private static AnnotatedExample Row(string? gold, params string[] labels)
    {
        var answers = labels.Select(label => new Annotation
        {
            Key = "k", ExampleId = "x", Teacher = "t", Reply = "",
            Status = label switch { "-" => AnnotationStatus.Unreadable, "!" => AnnotationStatus.Failed, _ => AnnotationStatus.Ok },
            Label = label is "-" or "!" ? null : label,
        }).ToList();
        return new(new Example { Id = "x", Input = "i", Label = gold }, answers.FirstOrDefault()) { Answers = [.. answers] };
    }

    private static Task<TeacherReport> Count(TeacherSection teacher, params AnnotatedExample[] rows) =>
        TeacherReport.CountAsync(Mood, teacher, rows.ToAsyncEnumerable(), TestContext.Current.CancellationToken);
}
