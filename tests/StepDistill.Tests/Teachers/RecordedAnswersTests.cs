using StepDistill.Teachers;

namespace StepDistill.Tests.Teachers;

public sealed class RecordedAnswersTests : IDisposable
{
    private readonly string _file = Path.Combine(Path.GetTempPath(), $"answers-{Guid.NewGuid()}.jsonl");

    public void Dispose() => File.Delete(_file);

    [Fact]
    public async Task Rows_of_data_and_of_exports_are_understood()
    {
        var answers = await Read("""
            {"id": "1", "teacher": {"completion": "c", "model": "m"}, "label": "gold"}
            {"id": "2", "rationale": "r", "teacher_label": "l"}
            {"id": "3", "teacher": null, "label": "gold"}
            """);
        Assert.Equal(2, answers.Count);
        Assert.Equal(new("c", null, null, "m"), answers.Find("1"));
        Assert.Equal(new(null, "r", "l", null), answers.Find("2"));
        Assert.Null(answers.Find("3"));
        Assert.Null(answers.Find("4"));
    }

    [Fact]
    public async Task A_gold_label_is_never_taken_for_the_teachers()
    {
        var fault = await Assert.ThrowsAsync<StepDistillException>(() => Read("""{"id": "1", "label": "gold", "rationale": "r"}"""));
        Assert.Contains("no row holds an answer", fault.Message, StringComparison.Ordinal);
        Assert.Contains("teacher_label", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Rows_without_an_id_or_with_one_given_before_are_named_by_line()
    {
        var fault = await Assert.ThrowsAsync<StepDistillException>(() => Read("""
            {"id": "1", "completion": "a"}
            {"completion": "b"}
            {"id": "1", "completion": "c"}
            """));
        Assert.Contains(_file, fault.Message, StringComparison.Ordinal);
        Assert.Contains("line 2: it has no 'id'", fault.Message, StringComparison.Ordinal);
        Assert.Contains("line 3: its id '1' was already given in line 1", fault.Message, StringComparison.Ordinal);
        Assert.Contains("files of their own in teacher.answers", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Several_answers_to_a_row_are_told_apart_by_their_numbers()
    {
        var answers = await Read("""
            {"id": "1", "completion": "c", "sample": 7}
            {"id": "2", "completion": "b"}
            {"id": "1", "completion": "a"}
            {"id": "1", "sample": 3}
            """);
        Assert.Equal((2, 2), (answers.Count, answers.Samples));
        Assert.Equal(["a", "c", null], Enumerable.Range(0, 3).Select(number => answers.Find("1", number)?.Completion));
        Assert.Equal(["b", null], Enumerable.Range(0, 2).Select(number => answers.Find("2", number)?.Completion));

        var fault = await Assert.ThrowsAsync<StepDistillException>(() => Read("""{"id": "1", "completion": "a", "sample": "last"}"""));
        Assert.Contains("line 1: its 'sample' is 'last'; it must be a whole number from 0.", fault.Message, StringComparison.Ordinal);
    }

    private async Task<RecordedAnswers> Read(string lines)
    {
        await File.WriteAllTextAsync(_file, lines);
        return await RecordedAnswers.ReadAsync(_file, TestContext.Current.CancellationToken);
    }
}
