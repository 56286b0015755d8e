using StepDistill.Tasks;
using StepDistill.Teachers.Prompts;

namespace StepDistill.Tests.Teachers.Prompts;

public sealed class DemonstrationTests : IDisposable
{
    private readonly string _file = Path.Combine(Path.GetTempPath(), $"demonstrations-{Guid.NewGuid()}.jsonl");

    public void Dispose() => File.Delete(_file);

    [Fact]
    public async Task An_input_is_written_by_the_tasks_template_or_given_whole()
    {
        var read = await Read("nli", """
            {"premise": "It rains.", "hypothesis": "It is wet.", "rationale": "Rain wets.", "label": "Entailment"}
            {"input": "It rains.</s>It is dry.", "rationale": "Rain wets.", "label": "contradiction"}
            """);
        Assert.Equal(["It rains.</s>It is wet.", "It rains.</s>It is dry."], read.Select(one => one.Example.Input));
        Assert.Equal(["entailment", "contradiction"], read.Select(one => one.Example.Label));
    }

    [Fact]
    public async Task Choices_come_from_a_list_or_from_the_input()
    {
        var read = await Read("cqa", """
            {"question": "Where?", "choices": ["here", "there"], "rationale": "So.", "label": "there"}
            {"input": "Where?\nAnswer Choices:\n(a) here\n(b) there", "rationale": "So.", "label": "b"}
            """);
        Assert.All(read, one => Assert.Equal(["here", "there"], one.Example.Choices));
        Assert.All(read, one => Assert.Equal("there", one.Example.Label));
        Assert.Equal(read[0].Example.Input, read[1].Example.Input);
    }

    [Theory]
    [InlineData("""{"input": "a</s>b", "label": "neutral"}""", "line 1: it has no 'rationale'")]
    [InlineData("""{"input": "a</s>b", "rationale": "r"}""", "line 1: it has no 'label'")]
    [InlineData("""{"input": "a</s>b", "rationale": "r", "label": "perhaps"}""", "line 1: its label 'perhaps'")]
    [InlineData("""{"rationale": "r", "label": "neutral"}""", "line 1: it has no 'input'")]
    [InlineData("""{"input": "a</s>b", "answer": "neutral", "rationale": "r"}""", "it has no 'label'; it has 'input', 'answer', 'rationale'.")]
    [InlineData("""{"input": "a</s>b", "rationale": "r", "label": "yes"}""", "the task allows: entailment, neutral, contradiction.")]
    [InlineData("""{"premise": "a", "rationale": "r", "label": "yes"}""", "nor all columns of {premise}</s>{hypothesis}; it has 'premise', 'rationale', 'label'.")]
    [InlineData("\n\n", "the file holds no demonstration; write one a line, such as {\"input\"")]
    [InlineData("nonsense", "line 1: ")]
    public async Task A_faulty_row_is_named_with_its_reason(string line, string reason)
    {
        var fault = await Assert.ThrowsAsync<StepDistillException>(() => Read("nli", line));
        Assert.Contains(_file, fault.Message, StringComparison.Ordinal);
        Assert.Contains(reason, fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_gold_label_may_stand_in_the_tasks_own_column()
    {
        var task = new TaskSpec { Name = "mood", Answer = AnswerKind.Label, Labels = ["good", "bad"], LabelColumn = "sentiment" };
        await File.WriteAllTextAsync(_file, """{"input": "The sun shines.", "sentiment": "Good", "rationale": "Sun."}""", TestContext.Current.CancellationToken);
        var one = Assert.Single(await Demonstration.ReadAsync(task, _file, TestContext.Current.CancellationToken));
        Assert.Equal("good", one.Example.Label);
        Assert.Contains(_file, one.Example.Id, StringComparison.Ordinal);     // a message about it names the place
    }

    private async Task<IReadOnlyList<Demonstration>> Read(string task, string lines)
    {
        await File.WriteAllTextAsync(_file, lines);
        return await Demonstration.ReadAsync(TaskCatalog.Find(task)!, _file, TestContext.Current.CancellationToken);
    }
}
