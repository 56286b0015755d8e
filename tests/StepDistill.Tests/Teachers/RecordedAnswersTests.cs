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
    }

    private async Task<RecordedAnswers> Read(string lines)
    {
        await File.WriteAllTextAsync(_file, lines);
        return await RecordedAnswers.ReadAsync(_file, TestContext.Current.CancellationToken);
    }
}
