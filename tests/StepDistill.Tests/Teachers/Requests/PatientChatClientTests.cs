using Microsoft.Extensions.AI;
using StepDistill.Recipes;
using StepDistill.Teachers.Requests;

namespace StepDistill.Tests.Teachers.Requests;

public sealed class PatientChatClientTests
{
    private static readonly TeacherSection Section = new() { Name = "chat", Provider = "openai", Model = "judge", Endpoint = "http://localhost" };

    [Fact]
    public async Task A_request_that_fails_for_a_moment_is_sent_again()
    {
        var model = new ScriptedChatClient((number, _) => number == 0
            ? throw new HttpRequestException("busy", inner: null, System.Net.HttpStatusCode.ServiceUnavailable)
            : new ChatResponse(new ChatMessage(ChatRole.Assistant, "Verdict: A")));
        using var client = Patient(model);

        var response = await client.GetResponseAsync("Which one?", cancellationToken: TestContext.Current.CancellationToken);

        Assert.Equal("Verdict: A", response.Text);
        Assert.Equal(2, model.Asked.Count);
    }

    [Fact]
    public async Task A_refusal_is_told()
    {
        var model = new ScriptedChatClient((_, _) => throw new HttpRequestException("too long", inner: null, System.Net.HttpStatusCode.BadRequest));
        using var client = Patient(model);

        var fault = await Assert.ThrowsAsync<StepDistillException>(
            () => client.GetResponseAsync("Which one?", cancellationToken: TestContext.Current.CancellationToken));

        Assert.Contains("refused the question (400)", fault.Message, StringComparison.Ordinal);
    }

    private static PatientChatClient Patient(IChatClient model) => new(Section, () => model, _ => null, new RequestGate());
}
