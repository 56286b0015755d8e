using Microsoft.Extensions.AI;
using StepDistill.Cli.Quickstart;

namespace StepDistill.Cli.Tests.Quickstart;

public sealed class SimulatedTeacherTests
{
    [Fact]
    public async Task It_errs_as_often_as_it_says_and_its_reasons_err_with_it()
    {
        var wrong = 0;
        foreach (var (anns, bens) in ThingsGameTests.Pairs)
        {
            var question = ThingsGame.Question(anns, bens);
            var (reasons, label) = Parts((await AskAsync(question)).Text);
            var truth = ThingsGame.Reasons(anns, ThingsGame.Of(anns), bens, ThingsGame.Of(bens));
            Assert.Equal(label == ThingsGameTests.Solve(question), reasons == truth);
            wrong += reasons == truth ? 0 : 1;
        }

        // 2,256 questions: three standard deviations are 1.7 percent.
        Assert.InRange(wrong / 2256.0, SimulatedTeacher.MistakeShare - 0.017, SimulatedTeacher.MistakeShare + 0.017);
    }

    [Fact]
    public async Task A_wrong_answer_follows_from_its_own_reasons() => await Task.WhenAll(ThingsGameTests.Pairs.Select(async pair =>
    {
        var (reasons, label) = Parts((await AskAsync(ThingsGame.Question(pair.Anns, pair.Bens))).Text);

        Assert.Contains(
            from annsHand in Enum.GetValues<Hand>()
            from bensHand in Enum.GetValues<Hand>()
            select (ThingsGame.Reasons(pair.Anns, annsHand, pair.Bens, bensHand), ThingsGame.Winner(annsHand, bensHand)),
            possible => possible == (reasons, label));
    }));

    [Fact]
    public async Task It_answers_the_last_message_whatever_came_before()
    {
        using var teacher = new SimulatedTeacher();
        var question = ThingsGame.Question("kite", "saw");

        var alone = await AskAsync(question);
        var after = await teacher.GetResponseAsync(
            [
                new(ChatRole.System, "Answer the question."),
                new(ChatRole.User, ThingsGame.Question("ruby", "map")),
                new(ChatRole.Assistant, "Answer: Ben"),
                new(ChatRole.User, question),
            ],
            cancellationToken: TestContext.Current.CancellationToken);

        Assert.Equal(alone.Text, after.Text);
        Assert.Equal((10, SimulatedTeacher.ModelName), (alone.Usage!.InputTokenCount, alone.ModelId));
        Assert.True(after.Usage!.InputTokenCount > alone.Usage.InputTokenCount);
        Assert.Equal(alone.Text.Split([' ', '\n']).Length, alone.Usage.OutputTokenCount);
    }

    [Fact]
    public async Task To_other_questions_it_says_what_it_is()
    {
        var reply = await AskAsync("What is the capital of France?");

        Assert.Contains("simulated", reply.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("Answer:", reply.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Streaming_gives_the_same_text()
    {
        using var teacher = new SimulatedTeacher();
        var question = ThingsGame.Question("kite", "saw");

        var text = string.Concat(await teacher
            .GetStreamingResponseAsync([new(ChatRole.User, question)], cancellationToken: TestContext.Current.CancellationToken)
            .Select(update => update.Text)
            .ToListAsync(TestContext.Current.CancellationToken));

        Assert.Equal((await AskAsync(question)).Text, text);
    }

    private static async Task<ChatResponse> AskAsync(string question)
    {
        using var teacher = new SimulatedTeacher();
        return await teacher.GetResponseAsync([new(ChatRole.User, question)], cancellationToken: TestContext.Current.CancellationToken);
    }

    private static (string Reasons, string Label) Parts(string reply)
    {
        var lines = reply.Split('\n');
        Assert.Equal(2, lines.Length);
        Assert.StartsWith("Answer: ", lines[1], StringComparison.Ordinal);
        return (lines[0], lines[1]["Answer: ".Length..]);
    }
}
