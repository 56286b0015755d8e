using StepDistill.Cli.Verbs;

namespace StepDistill.Cli.Tests.Verbs;

public sealed class EvaluateVerbTests
{
    [Fact]
    public async Task A_recipe_or_the_run_it_made_can_be_named()
    {
        using var folder = new TemporaryFolder();
        var recipe = await TrainedAsync(folder);

        var byRecipe = await Run.Verb(new EvaluateVerb(FakeStages.Create()), recipe, "--runs", folder["runs"], "--json");
        var byFolder = await Run.Verb(new EvaluateVerb(FakeStages.Create()), folder["runs/birds/step-by-step-1-seed0"], "--json");

        Assert.Equal(0.5, byRecipe.Json["accuracy"]!.GetValue<double>());
        Assert.Equal(1, byRecipe.Json["correct"]!.GetValue<int>());
        Assert.Equal(2, byRecipe.Json["rows"]!.GetValue<int>());
        Assert.Equal(byRecipe.Output, byFolder.Output);
        Assert.True(File.Exists(folder["runs/birds/step-by-step-1-seed0/evaluation/test/report.json"]));
    }

    [Fact]
    public async Task Other_rows_get_a_report_of_their_own()
    {
        using var folder = new TemporaryFolder();
        var recipe = await TrainedAsync(folder);
        await Run.Verb(new EvaluateVerb(FakeStages.Create()), recipe, "--runs", folder["runs"]);
        var more = folder.Write("more.jsonl", """{"id":"x","input":"gull","label":"fly"}""");

        var run = await Run.Verb(
            new EvaluateVerb(FakeStages.Create()), recipe, "--runs", folder["runs"], "--json", "--set", $"task.test={more}");

        Assert.Equal(1.0, run.Json["accuracy"]!.GetValue<double>());
        Assert.StartsWith("test-", Path.GetFileName(run.Json["report"]!.GetValue<string>()), StringComparison.Ordinal);
        Assert.True(File.Exists(folder["runs/birds/step-by-step-1-seed0/evaluation/test/report.json"]));
    }

    [Theory]
    [InlineData("0.5", ExitCode.Success)]
    [InlineData("0.6", ExitCode.GateNotMet)]
    public async Task A_gate_that_is_not_met_ends_with_3(string gate, int code)
    {
        using var folder = new TemporaryFolder();
        var recipe = await TrainedAsync(folder);

        var run = await Run.Verb(
            new EvaluateVerb(FakeStages.Create()), recipe, "--runs", folder["runs"], "--json", "--at-least", gate);

        Assert.Equal(code, run.Code);
        Assert.Equal(code == ExitCode.Success, run.Json["gate"]!["met"]!.GetValue<bool>());
    }

    [Fact]
    public async Task The_teacher_is_a_row_of_its_own()
    {
        using var folder = new TemporaryFolder();
        var recipe = await TrainedAsync(folder);
        await Run.Verb(new AnnotateVerb(FakeStages.Create()), recipe, "--runs", folder["runs"]);

        var run = await Run.Verb(
            new EvaluateVerb(FakeStages.Create()), recipe, "--runs", folder["runs"], "--split", "validation");

        Assert.Contains("step-by-step-1-seed0     1        0     0.0 %", run.Output, StringComparison.Ordinal);
        Assert.Contains("teacher (recorded)       1        1   100.0 %", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_a_student_it_says_what_comes_first()
    {
        using var folder = new TemporaryFolder();

        var run = await Run.Verb(new EvaluateVerb(FakeStages.Create()), Birds.WriteTo(folder), "--runs", folder["runs"]);

        Assert.Equal(ExitCode.Failure, run.Code);
        Assert.Contains("holds no finished run", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Another_folder_is_refused()
    {
        using var folder = new TemporaryFolder();

        var run = await Run.Verb(new EvaluateVerb(FakeStages.Create()), folder.Root);

        Assert.Equal(ExitCode.Failure, run.Code);
        Assert.Contains("is not the folder of a run", run.Error, StringComparison.Ordinal);
    }

    private static async Task<string> TrainedAsync(TemporaryFolder folder)
    {
        var recipe = Birds.WriteTo(folder);
        var trained = await Run.Verb(new TrainVerb(FakeStages.Create()), recipe, "--runs", folder["runs"]);
        Assert.Equal(ExitCode.Success, trained.Code);
        return recipe;
    }
}
