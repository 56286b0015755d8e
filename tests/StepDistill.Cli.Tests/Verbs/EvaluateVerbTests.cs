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

    [Fact]
    public async Task Errors_are_listed_with_both_rationales_the_most_confident_first()
    {
        using var folder = new TemporaryFolder();
        var recipe = await TrainedAsync(folder);
        folder.Write("test.jsonl", """
            {"id":"t","input":"crow","label":"fly","rationale":"It hops.","teacher_label":"swim"}
            {"id":"u","input":"puffin","label":"swim","rationale":"It dives.","teacher_label":"swim"}
            {"id":"w","input":"penguin","label":"swim","rationale":"It has flippers.","teacher_label":"swim"}
            """);
        await Run.Verb(new AnnotateVerb(FakeStages.Create()), recipe, "--runs", folder["runs"]);
        var stages = FakeStages.Create(confidence: input => input.Length / 10.0);

        var said = await Run.Verb(new EvaluateVerb(stages), recipe, "--runs", folder["runs"], "--errors", "--rows", "1");
        var told = await Run.Verb(new EvaluateVerb(stages), recipe, "--runs", folder["runs"], "--errors", "--rows", "1", "--json");

        Assert.Contains("""
            The student is wrong, the teacher right: 2 rows, the student's most confident answers first
              w  (70.0 % sure)
                input    penguin
                gold     swim
                student  fly: it is penguin
                teacher  swim: It has flippers.
              … and 1 more

            The teacher is wrong, the student right: 1 rows, the student's most confident answers first
              t  (40.0 % sure)
            """, said.Output, StringComparison.Ordinal);
        Assert.Equal(["w", "u", "t"], told.Json["errors"]!.AsArray().Select(row => row!["id"]!.GetValue<string>()));
        Assert.Equal(3, File.ReadLines(told.Json["errors_file"]!.GetValue<string>()).Count());
    }

    [Fact]
    public async Task Slices_may_be_several()
    {
        using var folder = new TemporaryFolder();
        var recipe = await TrainedAsync(folder);

        string[] words = [recipe, "--runs", folder["runs"], "--slice", "label", "--slice", "input-length"];
        var said = await Run.Verb(new EvaluateVerb(FakeStages.Create()), words);
        var told = await Run.Verb(new EvaluateVerb(FakeStages.Create()), [.. words, "--json"]);

        Assert.Contains("label  rows  student ", said.Output, StringComparison.Ordinal);
        Assert.Equal(
            [("label", "fly", 1), ("label", "swim", 0), ("input-length", "1", 1)],
            told.Json["slices"]!.AsArray().Select(slice =>
                (slice!["by"]!.GetValue<string>(), slice["value"]!.GetValue<string>(), slice["correct"]!.GetValue<int>())));
        Assert.Null(told.Json["errors"]);
    }

    [Fact]
    public async Task A_column_that_is_not_there_is_named()
    {
        using var folder = new TemporaryFolder();

        var run = await Run.Verb(
            new EvaluateVerb(FakeStages.Create()), await TrainedAsync(folder), "--runs", folder["runs"], "--slice", "habitat");

        Assert.Equal(ExitCode.Failure, run.Code);
        Assert.Contains("'habitat'", run.Error, StringComparison.Ordinal);
    }

    private static async Task<string> TrainedAsync(TemporaryFolder folder)
    {
        var recipe = Birds.WriteTo(folder);
        var trained = await Run.Verb(new TrainVerb(FakeStages.Create()), recipe, "--runs", folder["runs"]);
        Assert.Equal(ExitCode.Success, trained.Code);
        return recipe;
    }
}
