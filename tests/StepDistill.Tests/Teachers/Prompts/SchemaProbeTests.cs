using System.Net;
using Microsoft.Extensions.AI;
using StepDistill.Annotations;
using StepDistill.Tasks;
using StepDistill.Teachers;
using StepDistill.Teachers.Prompts;
using StepDistill.Teachers.Requests;

namespace StepDistill.Tests.Teachers.Prompts;

public sealed class SchemaProbeTests
{
    private static readonly TaskSpec Mood = new() { Name = "mood", Answer = AnswerKind.Label, Labels = ["good", "bad"] };

    private static readonly Example Row = new() { Id = "7", Input = "The sun shines." };

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("""{"word":"tamarack-7"}""", true)]
    [InlineData("""
         { "word" : "tamarack-7" }

        """, true)]
    [InlineData("blue", false)]
    [InlineData("", false)]
    [InlineData("""{"word":"blue"}""", false)]
    [InlineData("""{"word":7}""", false)]
    [InlineData("""{"word":"tamarack-7","more":1}""", false)]
    [InlineData("""{"word":"tamarack-7"} blue""", false)]
    [InlineData("""["tamarack-7"]""", false)]
    [InlineData("""```json {"word":"tamarack-7"} ```""", false)]
    public void Only_what_the_schema_allows_proves_anything(string reply, bool fits) => Assert.Equal(fits, SchemaProbe.Fits(reply));

    [Fact]
    public async Task A_server_that_enforces_schemas_is_asked_for_json()
    {
        using var client = Enforcing();
        using var teacher = Teacher(client);
        Assert.Empty(teacher.Notes);
        foreach (var input in (string[])["a", "b"])
        {
            var answer = await teacher.AnswerAsync(Row with { Input = input }, Stop);
            Assert.Equal((AnnotationStatus.Ok, "good", "Sun."), (answer.Status, answer.Label, answer.Rationale));
        }

        Assert.Equal(3, client.Asked.Count);     // the probe, once, and two questions
        Assert.DoesNotContain("tamarack", client.Asked[0].Messages[0].Text, StringComparison.Ordinal);      // only the schema says it
        Assert.All(client.Asked, asked => Assert.NotNull(asked.Options.ResponseFormat));
        Assert.Equal(
            "One request more was sent to see whether the server enforces a JSON schema. It does, so replies are asked for as JSON.",
            Assert.Single(teacher.Notes));
    }

    [Fact]
    public async Task A_server_that_passes_over_schemas_is_asked_for_text()
    {
        using var client = new ScriptedChatClient((_, messages) => Said(IsProbe(messages) ? "blue" : "Sun.\nAnswer: good"));
        using var teacher = Teacher(client);
        Assert.Equal("good", (await teacher.AnswerAsync(Row, Stop)).Label);
        Assert.Null(client.Asked[1].Options.ResponseFormat);
        Assert.Contains("It does not, so replies are asked for as text.", Assert.Single(teacher.Notes), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_refuses_schemas_is_asked_for_text()
    {
        using var client = new ScriptedChatClient((number, _) => number == 0
            ? throw new HttpRequestException("response_format is not supported", null, HttpStatusCode.BadRequest)
            : Said("Sun.\nAnswer: good"));
        using var teacher = Teacher(client);
        Assert.Equal("good", (await teacher.AnswerAsync(Row, Stop)).Label);
        Assert.Equal(2, client.Asked.Count);
        Assert.Contains("It refuses requests with one, so", Assert.Single(teacher.Notes), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_probe_without_a_reply_leaves_it_open_and_the_next_question_asks_again()
    {
        var down = true;
        using var client = new ScriptedChatClient((_, messages) => down
            ? throw new HttpRequestException("down")
            : Enforced(messages));
        using var teacher = Teacher(client);
        var failed = await teacher.AnswerAsync(Row, Stop);
        Assert.Equal((AnnotationStatus.Failed, "The request failed: down."), (failed.Status, failed.Fault));
        Assert.Empty(teacher.Notes);
        down = false;
        Assert.Equal("good", (await teacher.AnswerAsync(Row, Stop)).Label);
        Assert.StartsWith("2 requests more were sent", Assert.Single(teacher.Notes), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Many_questions_at_once_and_all_samples_probe_once()
    {
        using var client = Enforcing();
        using var teacher = await ChatTeacher.OpenAsync(
            Mood, new() { Name = "chat", Model = "m", Output = "auto", Samples = 3, Temperature = 1 }, () => client, cancellation: Stop);
        await Task.WhenAll(teacher.Answers.SelectMany(one => Enumerable.Range(0, 10).Select(
            row => Task.Run(() => one.AnswerAsync(Row with { Input = $"row {row}" }, Stop), Stop))));
        Assert.Equal(31, client.Asked.Count);
        Assert.Single(client.Asked, asked => IsProbe(asked.Messages));
    }

    [Fact]
    public async Task What_the_probe_finds_does_not_change_the_key()
    {
        using var client = Enforcing();
        using var teacher = Teacher(client);
        var before = teacher.KeyOf(Row);
        Assert.Equal(before, (await teacher.AnswerAsync(Row, Stop)).Key);
        Assert.Equal(before, teacher.KeyOf(Row));
        Assert.Equal([true, false], teacher.QuestionsAbout(Row).Select(question => question.IsJson));
    }

    private static ChatTeacher Teacher(ScriptedChatClient client) => new(
        Mood, new() { Endpoint = "http://server", Model = "m", Format = "plain", Prompt = new() { Output = ReplyOutput.Auto } }, [],
        () => client, new ChatRetries { Timeout = TimeSpan.FromHours(1) }, time: new HastyTime());

    private static ScriptedChatClient Enforcing() => new((_, messages) => Enforced(messages));

    private static ChatResponse Enforced(IReadOnlyList<ChatMessage> messages) =>
        Said(IsProbe(messages) ? """{"word":"tamarack-7"}""" : """{"rationale":"Sun.","label":"good"}""");

    private static bool IsProbe(IReadOnlyList<ChatMessage> messages) => messages[0].Text.Contains("blue", StringComparison.Ordinal);

    private static ChatResponse Said(string text) => new(new ChatMessage(ChatRole.Assistant, text));
}
