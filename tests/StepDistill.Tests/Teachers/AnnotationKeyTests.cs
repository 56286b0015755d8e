using CsCheck;
using Microsoft.Extensions.AI;
using StepDistill.Recipes;
using StepDistill.Tasks;
using StepDistill.Teachers;
using StepDistill.Teachers.Prompts;

namespace StepDistill.Tests.Teachers;

public sealed class AnnotationKeyTests
{
    private static readonly TaskSpec Task = new() { Name = "mood", Answer = AnswerKind.Label, Labels = ["good", "bad"] };

    private static readonly Example Row = new() { Id = "1", Input = "The sun shines.", Label = "good", Choices = ["x", "y"] };

    private static readonly ChatTeacherSettings Settings = new() { Endpoint = "http://server", Model = "m", Format = "plain" };

    private static readonly RecordedAnswer Answer = new("Sun. Answer: good", "Sun.", "good", "someone");

    private static readonly ChatMessage[] Messages = [new(ChatRole.System, "Answer."), new(ChatRole.User, "The sun shines.")];

    public static TheoryData<string, string> ChatParts { get; } = new()
    {
        { "kind of label", Chat(task: Task with { Answer = AnswerKind.Choice }) },
        { "label set", Chat(task: Task with { Labels = ["good", "bad", "odd"] }) },
        { "endpoint", Chat(Settings with { Endpoint = "http://other" }) },
        { "model", Chat(Settings with { Model = "n" }) },
        { "format", Chat(Settings with { Format = "esnli-cot" }) },
        { "temperature", Chat(Settings with { Temperature = 0.7 }) },
        { "token limit", Chat(Settings with { MaxTokens = 511 }) },
        { "sample", Chat(Settings with { Sample = 1 }) },
        { "choices", Chat(row: Row with { Choices = ["x"] }) },
        { "role", Chat(messages: [new(ChatRole.User, "Answer."), Messages[1]]) },
        { "instruction", Chat(messages: [new(ChatRole.System, "Reply."), Messages[1]]) },
        { "question", Chat(messages: [Messages[0], new(ChatRole.User, "The sun shone.")]) },
        { "number of messages", Chat(messages: [Messages[1]]) },
        { "form", Chat(Formed(new() { Form = PromptForm.Completion })) },
        { "reasons after", Chat(Formed(new() { Rationale = RationaleOrder.After })) },
        { "reasons for gold", Chat(Formed(new() { Rationale = RationaleOrder.ForGold })) },
        { "other gold", Chat(Formed(new() { Rationale = RationaleOrder.ForGold }), row: Row with { Label = "bad" }) },
        { "json", Chat(Formed(new() { Output = ReplyOutput.Json }), schema: "{}") },
        { "schema", Chat(Formed(new() { Output = ReplyOutput.Json }), schema: "{ }") },
        { "json if enforced", Chat(Formed(new() { Output = ReplyOutput.Auto }), schema: "{}") },
    };

    public static TheoryData<string, string> RecordedParts { get; } = new()
    {
        { "kind of label", Recorded(task: Task with { Answer = AnswerKind.Text }) },
        { "label set", Recorded(task: Task with { Labels = ["good"] }) },
        { "format", Recorded(format: "cqa-cot") },
        { "id", Recorded(row: Row with { Id = "2" }) },
        { "choices", Recorded(row: Row with { Choices = ["y", "x"] }) },
        { "completion", Recorded(answer: Answer with { Completion = "Sun. Answer: bad" }) },
        { "no completion", Recorded(answer: Answer with { Completion = null }) },
        { "empty completion", Recorded(answer: Answer with { Completion = "" }) },
        { "rationale", Recorded(answer: Answer with { Rationale = null }) },
        { "label", Recorded(answer: Answer with { Label = "bad" }) },
        { "model", Recorded(answer: Answer with { Model = null }) },
        { "no answer", AnnotationKey.OfRecorded(Task, "plain", Row, null) },
    };

    [Theory]
    [MemberData(nameof(ChatParts))]
    public void Each_part_of_a_question_makes_another_key(string part, string key) => Assert.True(key != Chat(), part);

    [Theory]
    [MemberData(nameof(RecordedParts))]
    public void Each_part_of_a_recorded_answer_makes_another_key(string part, string key) => Assert.True(key != Recorded(), part);

    [Fact]
    public void All_these_keys_differ_from_each_other_and_are_hashes()
    {
        List<string> keys = [Chat(), Recorded(), .. ChatParts.Select(part => part.Data.Item2), .. RecordedParts.Select(part => part.Data.Item2)];
        Assert.Equal(keys.Count, keys.Distinct().Count());
        Assert.All(keys, key => Assert.Matches("^[0-9a-f]{64}$", key));
    }

    [Fact]
    public void The_gold_label_is_in_no_key()
    {
        Assert.Equal(Chat(), Chat(row: Row with { Label = "bad" }));
        Assert.Equal(Recorded(), Recorded(row: Row with { Label = null }));
    }

    [Fact]
    public void A_recorded_answer_keeps_its_key_when_its_input_is_found() =>
        Assert.Equal(Recorded(), Recorded(row: Row with { Input = null }));

    [Fact]
    public void Text_moved_between_neighbouring_parts_makes_another_key() =>
        Gen.Select(Gen.String, Gen.String, Gen.Int[0, 20]).Sample((one, two, cut) =>
        {
            var whole = one + two;
            var at = Math.Min(cut, whole.Length);
            var (first, second) = (whole[..at], whole[at..]);
            Assert.Equal(
                (first, second) == (one, two),
                Recorded(answer: new RecordedAnswer(one, two, null, null)) == Recorded(answer: new RecordedAnswer(first, second, null, null)));
        });

    [Fact]
    public void Keys_stay_the_same_from_version_to_version()
    {
        // Stored answers are found by these; a change here makes people pay for all of theirs again.
        Assert.Equal("d31f409dfe593ebc4a313360d0fa86b66c5260b66c00040ef2", Chat()[..50]);
        Assert.Equal("44fc8a03114f52c3f88128401d1afa4f5b6d3db2e8c3f01a2e", Recorded()[..50]);
    }

    [Theory]
    [InlineData("cqa", null, "cqa.jsonl", "8cecc4afa41dfb3693bab2f55e3929f173c211f72eb6f401f8")]
    [InlineData("svamp", null, "svamp.jsonl", "556687aa25db1b6a7cdfb06eeef9049bb8b8c9beac51fe6c06")]
    [InlineData("nli", "anli-cot", "anli.jsonl", "64b777ae5400f5e4c345fd4fe9c98d5748f2f461e743a78657")]
    [InlineData("nli", null, "esnli.jsonl", "5e5794c7b0893caf5bed82b26e509cd79440a1a865d98b5a46")]
    [InlineData("nli", "plain", "esnli.jsonl", "37de219d1e0576f1943ba753abb1f45b0f6ef37876dff69ffa")]
    [InlineData("nli", "plain", null, "b5121f7c24ba3127364ec1c4066315468606f88bb8940453c3")]
    public async Task Recipes_written_before_prompts_had_settings_find_their_answers(
        string task, string? format, string? demonstrations, string start)
    {
        var section = new TeacherSection
        {
            Name = "chat",
            Model = "m",
            Endpoint = "http://server",
            Format = format,
            Demonstrations = demonstrations is null ? null : Path.Combine(Shipped(), demonstrations),
        };
        using var teacher = await ChatTeacher.OpenAsync(
            TaskCatalog.Find(task)!, section, () => throw new InvalidOperationException("nobody is to be asked"),
            cancellation: TestContext.Current.CancellationToken);
        var row = new Example { Id = "1", Input = "The sun shines.</s>It is warm.", Choices = task == "cqa" ? ["x", "y"] : [] };
        Assert.Equal(start, teacher.KeyOf(row)[..50]);
    }

    private static string Shipped([System.Runtime.CompilerServices.CallerFilePath] string path = "") =>
        Path.Combine(Path.GetDirectoryName(path)!, "..", "..", "..", "recipes", "demonstrations");

    [Fact]
    public void Which_demonstrations_are_chosen_counts_by_what_they_are() =>
        Assert.Equal(Chat(), Chat(Formed(new() { Choice = DemonstrationChoice.Nearest, Shown = 3, Seed = 7 })));

    private static ChatTeacherSettings Formed(PromptSettings prompt) => Settings with { Prompt = prompt };

    private static string Chat(
        ChatTeacherSettings? settings = null, TaskSpec? task = null, Example? row = null, ChatMessage[]? messages = null,
        string? schema = null) =>
        AnnotationKey.OfChat(task ?? Task, settings ?? Settings, row ?? Row, messages ?? Messages, schema);

    private static string Recorded(
        TaskSpec? task = null, string format = "plain", Example? row = null, RecordedAnswer? answer = null) =>
        AnnotationKey.OfRecorded(task ?? Task, format, row ?? Row, answer ?? Answer);
}
