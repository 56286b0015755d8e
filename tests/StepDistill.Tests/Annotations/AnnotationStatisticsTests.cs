using StepDistill.Annotations;
using StepDistill.Tasks;
using StepDistill.Teachers;
using StepDistill.Tests.Tokenizers;

namespace StepDistill.Tests.Annotations;

public sealed class AnnotationStatisticsTests
{
    private static readonly TaskSpec Task = new() { Name = "mood", Answer = AnswerKind.Label, Labels = ["good", "bad"] };

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_row_is_counted_for_what_it_is()
    {
        var counts = await Count(
            Row("good", "good", "one two three"),
            Row("good", "bad", "one"),
            Row("bad", null, status: AnnotationStatus.Unreadable),
            Row("bad", null, status: AnnotationStatus.Failed),
            Row(null, "good"),
            new AnnotatedExample(new Example { Id = "x", Input = "i", Label = "bad" }, null));
        Assert.Equal((6, 5, 4, 3, 1), (counts.Rows, counts.WithGold, counts.WithTeacher, counts.Readable, counts.Correct));
        Assert.Equal(0.2, counts.Accuracy);
        Assert.Equal((2.0, 3, 3), (counts.RationaleWords!.Mean, counts.RationaleWords.P95, counts.RationaleWords.Max));
        Assert.Equal([new("because Failed", 1), new("because Unreadable", 1)], counts.Faults);
        Assert.Equal(3, counts.Statuses[AnnotationStatus.Ok]);
    }

    [Fact]
    public async Task Without_gold_labels_or_replies_there_is_no_accuracy()
    {
        Assert.Null((await Count(Row(null, "good"))).Accuracy);
        Assert.Null((await Count(Row("good", null, status: AnnotationStatus.Failed))).Accuracy);
        Assert.Null((await Count()).Accuracy);
        Assert.Null((await Count()).RationaleWords);
        Assert.Equal(0, (await Count(Row("good", null, status: AnnotationStatus.Unreadable))).Accuracy);
    }

    [Fact]
    public async Task Money_is_counted_once_for_each_answer_paid_for()
    {
        var paid = Row("good", "good", price: 0.000525m);
        var counts = await Count(
            paid,
            new AnnotatedExample(paid.Example with { Id = "y" }, paid.Annotation),      // an equal row shares the answer
            Row("good", null, status: AnnotationStatus.Truncated, price: 0.0001m),
            Row("good", "good"));
        Assert.Equal((0.000625m, 3L, 3L), (counts.Cost, counts.Priced, counts.Readable));
        Assert.Equal(0.000625m / 3, counts.CostPerUsefulRow);
        Assert.Equal((null, null), ((await Count(Row("good", "good"))).Cost, (await Count(Row("good", "good"))).CostPerUsefulRow));
        Assert.Null((await Count(Row("good", null, status: AnnotationStatus.Refused, price: 1))).CostPerUsefulRow);
    }

    [Fact]
    public async Task Faults_are_ordered_by_how_often_they_are()
    {
        var rows = Enumerable.Range(0, 50).Select(i => Row("good", null, status: i < 30 ? AnnotationStatus.Refused : AnnotationStatus.Truncated));
        Assert.Equal([new("because Refused", 30), new("because Truncated", 20)], (await Count([.. rows])).Faults);
    }

    [Theory]
    [InlineData("svamp", "svamp-cot", "svamp_train.jsonl", 800, 594)]
    [InlineData("nli", "anli-cot", "anli1_valid.jsonl", 1000, 675)]
    [InlineData("nli", "esnli-cot", "esnli_valid.jsonl.gz", 9842, 7201)]
    [InlineData("cqa", "cqa-cot", "cqa_train.jsonl.gz", 9741, 7343)]
    public async Task The_published_answers_are_at_least_as_right_as_a_careful_reader_finds(
        string name, string format, string file, int rows, int careful)
    {
        var path = Path.Combine(SharedFolder.Path, "data", file);
        Assert.SkipUnless(File.Exists(path), $"{path} is not there");
        var task = TaskCatalog.Find(name)!;
        var teacher = new RecordedTeacher(task, format);
        var answered = ExampleReader.ReadAsync(task, path, Stop).Select(
            async (Example row, CancellationToken stop) => new AnnotatedExample(row, await teacher.AnswerAsync(row, stop)));
        var counts = await AnnotationStatistics.CountAsync(task, answered, Stop);
        Assert.Equal((rows, rows, rows), (counts.Rows, counts.WithGold, counts.WithTeacher));
        Assert.True(counts.Correct >= careful, $"{counts.Correct} are right, a careful reader finds {careful}");
    }

    private static AnnotatedExample Row(
        string? gold, string? label, string? rationale = null, AnnotationStatus status = AnnotationStatus.Ok,
        decimal? price = null) =>
        new(
            new Example { Id = "x", Input = "i", Label = gold },
            new Annotation
            {
                Key = "k", ExampleId = "x", Teacher = "t", Status = status, Reply = "", Label = label, Rationale = rationale, Price = price,
                Fault = status == AnnotationStatus.Ok ? null : $"because {status}",
            });

    private static Task<AnnotationStatistics> Count(params AnnotatedExample[] rows) =>
        AnnotationStatistics.CountAsync(Task, rows.ToAsyncEnumerable(), Stop);
}
