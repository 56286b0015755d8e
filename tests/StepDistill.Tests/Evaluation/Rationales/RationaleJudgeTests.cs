using Microsoft.Extensions.AI;
using StepDistill.Evaluation.Comparisons;
using StepDistill.Evaluation.Rationales;
using StepDistill.Tests.Teachers;

namespace StepDistill.Tests.Evaluation.Rationales;

public sealed class RationaleJudgeTests
{
    private static readonly JudgedRow[] Rows = [.. Enumerable.Range(0, 6).Select(i => new JudgedRow($"r{i}", $"input {i}", "yes", $"S{i}", $"T{i}"))];

    [Theory]
    [InlineData("A")]
    [InlineData("B")]
    [InlineData("equal")]
    public async Task A_judge_that_looks_at_places_decides_nothing(string place) => Assert.Equal(
        new ComparedJudgement("judge", 6, 0, 0, 6), await JudgeAsync(_ => $"Well.\nVerdict: {place}"));

    [Fact]
    public async Task A_judge_that_looks_at_reasons_is_believed()
    {
        // Rows 0 to 3: the student's; 4: the teacher's; 5: whatever stands first.
        var judgement = await JudgeAsync(text =>
        {
            var (student, row) = (text.IndexOf("\nS", StringComparison.Ordinal), text[text.IndexOf("input ", StringComparison.Ordinal) + 6] - '0');
            var studentFirst = student < text.IndexOf("\nT", StringComparison.Ordinal);
            return $"Verdict: {(row == 5 || studentFirst == (row < 4) ? 'A' : 'B')}";
        });

        Assert.Equal(new ComparedJudgement("judge", 6, 4, 1, 1), judgement);
    }

    [Fact]
    public async Task It_is_shown_the_row_and_both_rationales_in_both_orders()
    {
        var client = ScriptedChatClient.Of("Verdict: A");
        await new RationaleJudge(client, "judge").JudgeAsync(Rows[..1], _ => { }, cancellation: TestContext.Current.CancellationToken);

        Assert.Equal(
            [
                "Input:\ninput 0\n\nAnswer: yes\n\nExplanation A:\nS0\n\nExplanation B:\nT0",
                "Input:\ninput 0\n\nAnswer: yes\n\nExplanation A:\nT0\n\nExplanation B:\nS0",
            ],
            client.Asked.Select(asked => asked.Messages[1].Text));
    }

    [Theory]
    [InlineData("Verdict: A", "First")]
    [InlineData("**Verdict:** B.", "Second")]
    [InlineData("My verdict is Explanation B", "Second")]
    [InlineData("verdict - TIE", "Equal")]
    [InlineData("Verdict: A? No.\nVerdict: B", "Second")]
    [InlineData(" (a) ", "First")]
    [InlineData("Explanation B.", "Second")]
    [InlineData("Equal", "Equal")]
    [InlineData("A is better in my view, as B is wrong.", null)]
    [InlineData("Verdict: Apples", null)]
    [InlineData("", null)]
    public void Replies_are_read_tolerantly(string reply, string? expected) => Assert.Equal(expected, RationaleJudge.Read(reply)?.ToString());

    [Fact]
    public async Task A_request_that_fails_leaves_its_row_undecided_and_is_told()
    {
        var notes = new List<string>();
        var client = new ScriptedChatClient((number, messages) => number == 0
            ? throw new HttpRequestException("no route")
            : new ChatResponse(new ChatMessage(ChatRole.Assistant, number == 2 ? "Hm." : StudentsOf(messages))));

        var judgement = await new RationaleJudge(client, "judge").JudgeAsync(Rows, notes.Add, atOnce: 1, TestContext.Current.CancellationToken);

        Assert.Equal(new ComparedJudgement("judge", 6, 4, 0, 2) { Unanswered = 1 }, judgement);
        Assert.Equal(
            ["judge could not judge row r0: no route", "judge gave no verdict on row r1; expected a line such as 'Verdict: A'."], notes);
    }

    [Fact]
    public async Task A_judge_that_never_answers_is_an_error()
    {
        var client = ScriptedChatClient.Of(new HttpRequestException("no route"));
        var error = await Assert.ThrowsAsync<StepDistillException>(
            () => new RationaleJudge(client, "judge").JudgeAsync(Rows, _ => { }, cancellation: TestContext.Current.CancellationToken));
        Assert.Contains("none of 12 requests", error.Message, StringComparison.Ordinal);
        Assert.Contains("no route", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task It_stops_when_told_to()
    {
        using var stop = new CancellationTokenSource();
        var client = new ScriptedChatClient((number, _) =>
        {
            if (number == 2)
            {
                stop.Cancel();
                throw new OperationCanceledException(stop.Token);
            }

            return new ChatResponse(new ChatMessage(ChatRole.Assistant, "Verdict: A"));
        });

        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => new RationaleJudge(client, "judge").JudgeAsync(Rows, _ => { }, atOnce: 1, stop.Token));
        Assert.Equal(3, client.Asked.Count);
    }

    [Fact]
    public async Task Nothing_to_judge_is_no_error() => Assert.Equal(
        new ComparedJudgement("judge", 0, 0, 0, 0),
        await new RationaleJudge(ScriptedChatClient.Of("A"), "judge").JudgeAsync([], _ => { }, cancellation: TestContext.Current.CancellationToken));

    private static string StudentsOf(IReadOnlyList<ChatMessage> messages) =>
        messages[1].Text.Contains("A:\nS", StringComparison.Ordinal) ? "Verdict: A" : "Verdict: B";

    private static Task<ComparedJudgement> JudgeAsync(Func<string, string> reply) => new RationaleJudge(
        new ScriptedChatClient((_, messages) => new ChatResponse(new ChatMessage(ChatRole.Assistant, reply(messages[1].Text)))), "judge")
        .JudgeAsync(Rows, _ => { }, cancellation: TestContext.Current.CancellationToken);
}
