using StepDistill.Cli.Verbs;

namespace StepDistill.Cli.Tests.Verbs;

public sealed class RunsVerbTests
{
    [Fact]
    public async Task Runs_are_listed_with_state_and_scores()
    {
        using var folder = new TemporaryFolder();
        await Run.Verb(new RunVerb(FakeStages.Create()), Birds.WriteTo(folder), "--runs", folder["runs"]);

        var run = await Run.Verb(new RunsVerb(), "--runs", folder["runs"], "--json");

        var only = Assert.Single(run.Json["runs"]!.AsArray())!;
        Assert.Equal("finished", only["state"]!.GetValue<string>());
        Assert.Equal("step-by-step-1-seed0", only["run"]!.GetValue<string>());
        Assert.Equal(0.5, only["test"]!.GetValue<double>());
    }

    [Fact]
    public async Task A_missing_folder_is_no_fault()
    {
        using var folder = new TemporaryFolder();

        var run = await Run.Verb(new RunsVerb(), "--runs", folder["none"]);

        Assert.Equal(ExitCode.Success, run.Code);
        Assert.Contains("There are no runs", run.Output, StringComparison.Ordinal);
    }
}
