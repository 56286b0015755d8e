using System.Text.Json;
using System.Text.Json.Nodes;
using StepDistill.Runs;

namespace StepDistill.Tests.Runs;

public sealed class RunManifestTests
{
    internal static RunManifest Sample { get; } = new()
    {
        Identity = new('1', 64),
        Recipe = SampleRecipe.Birds,
        Data = SampleRecipe.Data,
        Versions = RunManifest.CurrentVersions(),
        StartedAt = new(2026, 5, 1, 12, 0, 0, TimeSpan.Zero),
        FinishedAt = new(2026, 5, 1, 13, 0, 0, TimeSpan.Zero),
        Seconds = 3600,
        Steps = 400,
        BestStep = 250,
        BestScore = 0.625,
        Scores = new Dictionary<string, double> { ["test.accuracy"] = 0.5 },
    };

    [Fact]
    public void It_reads_back_the_same()
    {
        var text = JsonSerializer.Serialize(Sample, RunJson.Page);
        var back = JsonSerializer.Deserialize<RunManifest>(text, RunJson.Page);

        Assert.Equal(text, JsonSerializer.Serialize(back, RunJson.Page));
    }

    [Fact]
    public void Its_names_are_in_snake_case()
    {
        var names = JsonNode.Parse(JsonSerializer.Serialize(Sample, RunJson.Page))!.AsObject().Select(pair => pair.Key);

        Assert.Equal(
            ["format", "identity", "recipe", "data", "versions", "started_at", "finished_at", "seconds", "steps", "best_step",
                "best_score", "scores"],
            names);
    }

    [Fact]
    public void It_says_with_what_it_was_made() => Assert.All(
        ["stepdistill", "dotnet", "os"], name => Assert.NotEmpty(RunManifest.CurrentVersions()[name]));
}
