using StepDistill.Annotations;
using StepDistill.Recipes;
using StepDistill.Tasks;
using StepDistill.Teachers;

namespace StepDistill.Tests.Teachers;

public sealed class RecordedTeacherTests
{
    private static readonly TaskSpec Nli = TaskCatalog.Find("nli")!;

    private readonly RecordedTeacher _teacher = new(Nli, "esnli-cot", time: new HastyTime());

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_completion_is_read()
    {
        var row = Row(new("It rains, so it is wet.\nAnswer: entailment\n\nPremise: A", null, null, "palm"));
        Assert.Equal(
            new Annotation
            {
                Key = _teacher.KeyOf(row),
                ExampleId = "1",
                Teacher = "palm",
                Status = AnnotationStatus.Ok,
                Reply = "It rains, so it is wet.\nAnswer: entailment\n\nPremise: A",
                Label = "entailment",
                Rationale = "It rains, so it is wet.",
                At = DateTimeOffset.UnixEpoch,
            },
            await _teacher.AnswerAsync(row, Stop));
    }

    [Fact]
    public async Task A_parted_answer_is_taken_as_it_is()
    {
        var annotation = await _teacher.AnswerAsync(Row(new(null, " It rains. ", "Entailment", null)), Stop);
        Assert.Equal(
            ("recorded", AnnotationStatus.Ok, "entailment", "It rains.", ""),
            (annotation.Teacher, annotation.Status, annotation.Label, annotation.Rationale, annotation.Reply));
    }

    [Fact]
    public async Task A_parted_label_that_the_task_does_not_allow_is_unreadable_and_kept()
    {
        var annotation = await _teacher.AnswerAsync(Row(new(null, "It rains.", "maybe", null)), Stop);
        Assert.Equal((AnnotationStatus.Unreadable, "maybe", (string?)null), (annotation.Status, annotation.Reply, annotation.Label));
        Assert.Equal("The recorded label 'maybe' is not one that the task allows.", annotation.Fault);
    }

    [Fact]
    public async Task A_row_without_an_answer_failed()
    {
        var annotation = await _teacher.AnswerAsync(Row(null), Stop);
        Assert.Equal(
            (AnnotationStatus.Failed, "The data holds no recorded answer for this row."), (annotation.Status, annotation.Fault));
    }

    [Fact]
    public async Task A_row_without_an_input_has_its_answer_all_the_same()
    {
        var row = Row(new("So.\nAnswer: neutral", null, null, null)) with { Input = null };
        Assert.True(_teacher.CanAnswer(row));
        Assert.Equal("neutral", (await _teacher.AnswerAsync(row, Stop)).Label);
    }

    [Fact]
    public async Task A_file_of_answers_is_matched_by_id_and_stands_alone()
    {
        var file = Path.GetTempFileName() + ".jsonl";
        try
        {
            await File.WriteAllTextAsync(file, """
                {"id": "2", "completion": "Two.\nAnswer: neutral"}
                {"id": "1", "rationale": "One.", "teacher_label": "contradiction", "model": "someone"}
                """, Stop);
            var teacher = await RecordedTeacher.OpenAsync(Nli, new TeacherSection { Answers = [file] }, cancellation: Stop);
            var first = await teacher.AnswerAsync(Row(new("Answer: entailment", null, null, null)), Stop);
            Assert.Equal(("contradiction", "someone"), (first.Label, first.Teacher));
            Assert.Equal(first.Key, teacher.KeyOf(Row(null)));
            Assert.Equal("neutral", (await teacher.AnswerAsync(Row(null) with { Id = "2" }, Stop)).Label);
            Assert.Equal(
                AnnotationStatus.Failed,
                (await teacher.AnswerAsync(Row(new("Answer: entailment", null, null, null)) with { Id = "3" }, Stop)).Status);
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    public async Task Several_files_and_numbers_are_several_answers_in_their_order()
    {
        var folder = Directory.CreateTempSubdirectory("stepdistill-");
        try
        {
            string[] files = [Path.Combine(folder.FullName, "a.jsonl"), Path.Combine(folder.FullName, "b.jsonl")];
            await File.WriteAllTextAsync(files[0], """
                {"id": "1", "completion": "One.\nAnswer: neutral"}
                {"id": "1", "completion": "Two.\nAnswer: entailment", "sample": 1}
                """, Stop);
            await File.WriteAllTextAsync(files[1], """{"id": "1", "completion": "Three.\nAnswer: neutral"}""", Stop);
            var teacher = await RecordedTeacher.OpenAsync(Nli, new TeacherSection { Answers = files }, cancellation: Stop);
            var answers = await Task.WhenAll(teacher.Answers.Select(one => one.AnswerAsync(Row(null), Stop)));

            Assert.Same(teacher, teacher.Answers[0]);
            Assert.Equal(
                [("One.", 0), ("Two.", 1), ("Three.", 2)], answers.Select(answer => (answer.Rationale!, answer.Sample)));
            Assert.Equal(teacher.Answers.Select(one => one.KeyOf(Row(null))), answers.Select(answer => answer.Key));

            var turned = await RecordedTeacher.OpenAsync(Nli, new TeacherSection { Answers = [files[1], files[0]] }, cancellation: Stop);
            Assert.Equal(answers[2].Key, turned.KeyOf(Row(null)));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public void An_unknown_format_is_named() => Assert.Contains(
        "'cot'", Assert.Throws<StepDistillException>(() => new RecordedTeacher(Nli, "cot")).Message, StringComparison.Ordinal);

    private static Example Row(RecordedAnswer? answer) => new() { Id = "1", Input = "It rains.</s>It is wet.", Recorded = answer };
}
