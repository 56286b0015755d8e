using System.Globalization;
using System.Text.Json.Nodes;
using StepDistill.Cli.Verbs;

namespace StepDistill.Cli.Tests.Verbs;

public sealed class EstimateVerbTests
{
    [Fact]
    public async Task Nobody_is_asked_and_the_way_to_more_is_named()
    {
        using var folder = new TemporaryFolder();
        using var server = new ChatServer(_ => (200, "It flies. So the answer is fly."));

        var run = await Run.Verb(new EstimateVerb(FakeStages.Create()), Words(folder, server));

        Assert.Equal(ExitCode.Success, run.Code);
        Assert.StartsWith("birds: 30 rows, 0 answers stored, 30 questions to ask\n", run.Output, StringComparison.Ordinal);
        Assert.Contains("dollars (price not known)      –", run.Output, StringComparison.Ordinal);
        Assert.Contains("guessed from the prompts' lengths, from and to are bounds. Measure with --pilot 50.", run.Output, StringComparison.Ordinal);
        Assert.Contains($"The price of test at {server.Address} is not known; set teacher.price or teacher.prices.", run.Output, StringComparison.Ordinal);
        Assert.Empty(server.Keys);
    }

    [Fact]
    public async Task A_pilot_asks_its_rows_once_and_measures_them()
    {
        using var folder = new TemporaryFolder();
        using var server = new ChatServer(_ => (200, "It flies. So the answer is fly."));
        string[] words = [.. Words(folder, server), "--set", "teacher.price.input=2", "--set", "teacher.price.output=8", "--pilot", "6"];

        var table = await Run.Verb(new EstimateVerb(FakeStages.Create()), words);
        var again = await Run.Verb(new EstimateVerb(FakeStages.Create()), [.. words, "--json"]);

        Assert.Contains("6 questions were asked for this estimate; their answers are stored.\n", table.Output, StringComparison.Ordinal);
        Assert.Contains("Rests on 6 stored answers of this teacher: 95 % intervals", table.Output, StringComparison.Ordinal);
        Assert.Contains("Price: $2 for a million tokens of prompts, $8 of replies (teacher.price of the recipe).", table.Output, StringComparison.Ordinal);
        Assert.Contains("by teacher.concurrency", table.Output, StringComparison.Ordinal);
        Assert.Equal(6, server.Keys.Count);     // the second pilot found its answers stored
        Assert.Equal((30, 6, 24, 0), (Number(again, "rows"), Number(again, "stored"), Number(again, "to_ask"), Number(again, "asked")));

        // The server counts 10 tokens in and 5 out for every question: 24 × (10 × 2 + 5 × 8) millionths.
        Assert.Equal(0.00144m, again.Json["dollars"]!["about"]!.GetValue<decimal>());
        Assert.Equal(120, again.Json["output_tokens"]!["to"]!.GetValue<long>());
    }

    [Fact]
    public async Task A_pilot_draws_its_rows_by_the_seed()
    {
        Assert.Equal(await Drawn(1), await Drawn(1));
        Assert.NotEqual(await Drawn(1), await Drawn(2));

        static async Task<string> Drawn(int seed)
        {
            using var folder = new TemporaryFolder();
            using var server = new ChatServer(_ => (200, "It flies. So the answer is fly."));
            string[] words = [.. Words(folder, server), "--set", $"training.seed={seed.ToString(CultureInfo.InvariantCulture)}"];
            await Run.Verb(new EstimateVerb(FakeStages.Create()), [.. words, "--pilot", "6"]);
            var list = await Run.Verb(new AnnotationsListVerb(FakeStages.Create()), [.. words, "--count", "100", "--json"]);
            return string.Join(' ', list.Json["rows"]!.AsArray().Where(row => (string?)row!["status"] == "ok").Select(row => (string?)row!["id"]));
        }
    }

    [Fact]
    public async Task Recorded_answers_cost_nothing()
    {
        using var folder = new TemporaryFolder();
        var run = await Run.Verb(new EstimateVerb(FakeStages.Create()), Birds.WriteTo(folder), "--runs", folder["runs"], "--pilot", "5");
        Assert.Equal("birds: 7 rows, 0 answers stored, 7 questions to ask\nRecorded answers cost nothing.\n", run.Output);
    }

    [Theory]
    [InlineData("4")]
    [InlineData("-5")]
    [InlineData("some")]
    public async Task A_pilot_too_small_is_wrong_usage(string rows)
    {
        var run = await Run.Words("estimate", "r.jsonc", "--pilot", rows);
        Assert.Equal(ExitCode.WrongUsage, run.Code);
        Assert.Contains($"--pilot is '{rows}'; it must be at least 5", run.Error, StringComparison.Ordinal);
    }

    private static int Number(Run run, string name) => run.Json[name]!.GetValue<int>();

    private static string[] Words(TemporaryFolder folder, ChatServer server)
    {
        var recipe = Birds.WriteTo(folder);
        folder.Write("train.jsonl", string.Join('\n', Enumerable.Range(0, 30).Select(i => new JsonObject
        {
            ["id"] = $"{i}", ["input"] = $"bird number {i}", ["label"] = "fly",
        }.ToJsonString())));
        return
        [
            recipe, "--runs", folder["runs"],
            "--set", "teacher.name=chat", "--set", "teacher.model=test", "--set", $"teacher.endpoint={server.Address}",
        ];
    }
}
