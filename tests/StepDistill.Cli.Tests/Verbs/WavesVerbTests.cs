using System.Globalization;
using StepDistill.Cli.Stages;
using StepDistill.Cli.Verbs;

namespace StepDistill.Cli.Tests.Verbs;

public sealed class WavesVerbTests
{
    private const int Rows = 300;

    [Fact]
    public async Task Waves_end_when_the_next_is_expected_to_add_too_little()
    {
        using var folder = new TemporaryFolder();
        var (recipe, trained) = (Write(folder), new List<int>());

        // The student knows as many of the 1,000 validation rows as a curve says that rises less and less: 800 − 3,000 / √rows.
        var stages = FakeStages.Create(
            answer: input => Number(input) < 800 - (3_000 / Math.Sqrt(trained[^1])) ? "good" : "bad",
            train: (one, _) => trained.Add(Count(one)),
            confidence: input => Number(input) / 1_000.0);
        var run = await Run.Verb(new WavesVerb(stages), recipe, "--runs", folder["runs"], "--json", "--set", "waves.min_gain=3");

        Assert.Equal("enough", run.Json["end"]!.GetValue<string>());
        Assert.Equal([30, 60, 90, 120], trained);
        Assert.Equal(trained, run.Json["waves"]!.AsArray().Select(wave => wave!["rows"]!.GetValue<int>()));
        var gain = run.Json["next_wave"]!["gain"]!.GetValue<double>();
        Assert.InRange(gain, 0.0, 0.03);
        Assert.InRange(3 * ((1 / Math.Sqrt(120)) - (1 / Math.Sqrt(150))), gain - 0.01, gain + 0.01);

        // The same command again trains nothing and says the same.
        var again = await Run.Verb(new WavesVerb(FakeStages.Create(answer: _ => throw new InvalidOperationException("asked again"))), recipe, "--runs", folder["runs"], "--json", "--set", "waves.min_gain=3");
        Assert.Equal(run.Json["waves"]!.ToJsonString(), again.Json["waves"]!.ToJsonString());
    }

    [Fact]
    public async Task Later_waves_ask_what_the_student_is_unsure_of()
    {
        using var folder = new TemporaryFolder();
        var recipe = Write(folder);
        var asked = new List<HashSet<string>>();
        var stages = FakeStages.Create(
            answer: _ => "good", confidence: input => Number(input) < 100 ? 0.1 : 0.9,
            train: (one, stop) => asked.Add([.. one.Splits.Train.Read(stop).ToBlockingEnumerable(stop).Select(row => row.Id)]));

        await Run.Verb(new WavesVerb(stages), recipe, "--runs", folder["runs"], "--set", "waves.max_waves=2");

        Assert.Equal([30, 60], asked.Select(ids => ids.Count));
        Assert.True(asked[1].IsSupersetOf(asked[0]));
        Assert.All(asked[1].Except(asked[0]), id => Assert.InRange(int.Parse(id, CultureInfo.InvariantCulture), 0, 99));
    }

    [Fact]
    public async Task All_rows_are_an_end_too_and_a_limit_of_waves()
    {
        using var folder = new TemporaryFolder();
        var recipe = Write(folder);
        var verb = new WavesVerb(FakeStages.Create(answer: _ => "good", confidence: _ => 0.5));

        var one = await Run.Verb(verb, recipe, "--runs", folder["runs"], "--json", "--set", "waves.max_waves=1");
        var all = await Run.Verb(verb, recipe, "--runs", folder["runs"], "--json", "--set", "waves.rows=150", "--set", "waves.min_gain=0");

        Assert.Equal("max_waves", one.Json["end"]!.GetValue<string>());
        Assert.Equal("no_more_rows", all.Json["end"]!.GetValue<string>());
        Assert.Equal([30, 180, 300], all.Json["waves"]!.AsArray().Select(wave => wave!["rows"]!.GetValue<int>()));
    }

    [Fact]
    public async Task Without_validation_rows_nothing_is_asked()
    {
        using var folder = new TemporaryFolder();

        var run = await Run.Words(
            FakeStages.Create(), TestContext.Current.CancellationToken,
            "waves", Write(folder), "--runs", folder["runs"], "--set", "task.validation=null", "--set", "task.validation_share=0");

        Assert.Equal(ExitCode.Failure, run.Code);
        Assert.Contains("no validation rows", run.Error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(folder["runs"]));
    }

    [Fact]
    public void A_curve_needs_two_waves() => Assert.Null(WavesStage.Expected([new Wave(1, 30, 10, 20)], 30));

    private static int Count(OpenedRecipe recipe) =>
        recipe.Splits.Train.Read(CancellationToken.None).ToBlockingEnumerable().Count();

    private static int Number(string input) => int.Parse(input.Split(' ')[^1], CultureInfo.InvariantCulture);

    private static string Write(TemporaryFolder folder)
    {
        folder.Write("train.jsonl", string.Join('\n', Enumerable.Range(0, Rows).Select(
            row => $$"""{"id":"{{row}}","input":"word{{row}} of row {{row}}","rationale":"It is so.","teacher_label":"good"}""")));
        folder.Write("valid.jsonl", string.Join('\n', Enumerable.Range(0, 1_000).Select(
            row => $$"""{"id":"v{{row}}","input":"row {{row}}","label":"good"}""")));
        return folder.Write("mood.jsonc", """
            { "name": "mood", "task": { "name": "mood", "labels": ["good", "bad"], "train": "train.jsonl", "validation": "valid.jsonl" },
              "waves": { "rows": 30 } }
            """);
    }
}
