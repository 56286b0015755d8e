using StepDistill.Cli.Verbs;

namespace StepDistill.Cli.Tests.Verbs;

public sealed class PilotVerbTests
{
    [Fact]
    public async Task A_pilot_says_how_good_the_teacher_is_what_it_costs_and_when_it_pays()
    {
        using var folder = new TemporaryFolder();
        using var server = new ChatServer(prompt => (200, prompt.Contains("sunny", StringComparison.Ordinal) ? "Sun.\nAnswer: good" : "Rain.\nAnswer: bad"));
        var verb = new PilotVerb(FakeStages.Create());
        var words = Words(folder, server);

        var run = await Run.Verb(verb, [.. words, "--json"]);
        var said = await Run.Verb(verb, words);

        // Prompts of 10 tokens at $3 a million and replies of 5 at $6: $0.00006 an answer, 200 rows in all.
        Assert.Equal((50, 50), (run.Json["rows"]!.GetValue<int>(), run.Json["useful"]!.GetValue<int>()));
        Assert.Equal(0.003m, run.Json["spent"]!.GetValue<decimal>());
        Assert.Equal(0.009m, run.Json["rest"]!["dollars"]!["about"]!.GetValue<decimal>());
        Assert.Equal(200, run.Json["pays_after_answers"]!.GetValue<long>());
        Assert.InRange(run.Json["accuracy"]!.GetValue<double>(), 0.8, 0.999);        // every tenth gold label is another
        Assert.Equal("likely", run.Json["outlook"]!.GetValue<string>());
        Assert.Equal(50, server.Keys.Count);        // the second pilot asked nobody
        Assert.Contains("It pays after about 200 answers", said.Output, StringComparison.Ordinal);
        Assert.Contains("$0.003 for the pilot; the other 150 questions about $0.009", said.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_student_as_dear_as_the_teacher_never_pays()
    {
        using var folder = new TemporaryFolder();
        using var server = new ChatServer(_ => (200, "Rain.\nAnswer: bad"));

        var run = await Run.Verb(new PilotVerb(FakeStages.Create()), [.. Words(folder, server), "--student-cost", "0.06"]);

        Assert.Contains("It never pays", run.Output, StringComparison.Ordinal);
        Assert.Contains("no sign", run.Output, StringComparison.Ordinal);       // one label only: nothing to learn
    }

    private static string[] Words(TemporaryFolder folder, ChatServer server)
    {
        folder.Write("train.jsonl", string.Join('\n', Enumerable.Range(0, 200).Select(row =>
        {
            var isGood = row % 2 == 0;
            return $$"""{"id":"{{row}}","input":"Day {{row}} was {{(isGood ? "sunny" : "rainy")}}.","label":"{{(isGood ^ row % 10 == 0 ? "good" : "bad")}}"}""";
        })));
        var recipe = folder.Write("mood.jsonc", """
            { "name": "mood", "task": { "name": "mood", "labels": ["good", "bad"], "train": "train.jsonl", "validation_share": 0 },
              "teacher": { "name": "chat", "model": "test", "price": { "input": 3, "output": 6 } } }
            """);
        return [recipe, "--runs", folder["runs"], "--set", $"teacher.endpoint={server.Address}", "--rows", "50"];
    }
}
