namespace StepDistill.Cli.Tests.Verbs;

public sealed class TasksVerbTests
{
    private const string Recipe = """
        { "name": "birds", "task": { "name": "birds", "labels": ["fly", "swim"], "train": "train.jsonl", "validation_share": 0 } }
        """;

    [Fact]
    public async Task Presets_are_listed()
    {
        var run = await Run.Words("tasks");

        Assert.Equal(ExitCode.Success, run.Code);
        Assert.Contains("nli    one of entailment, neutral, contradiction", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_recipes_rows_are_counted_and_shown()
    {
        using var folder = new TemporaryFolder();
        var recipe = folder.Write("birds.jsonc", Recipe);
        folder.Write("train.jsonl", """
            {"id":"a","input":"A penguin.","label":"swim"}
            {"id":"b","input":"A swift.","label":"fly"}
            {"id":"c","input":"A heron.","label":"fly"}
            {"id":"d","input":"A kiwi.","label":null}
            """);

        var run = await Run.Words("tasks", recipe);

        Assert.Equal(
            $"""
            birds: task birds, a label is one of fly, swim

            train: {folder["train.jsonl"]}
              4 rows, 4 with input, 3 with a gold label, 0 with a recorded answer
              66.7 %  fly
              33.3 %  swim

            A sample input (a), as teacher and student see it:
            A penguin.

            """,
            run.Output, ignoreLineEndingDifferences: true);
    }

    [Fact]
    public async Task Another_file_can_be_looked_at_from_the_current_folder()
    {
        using var folder = new TemporaryFolder();
        var recipe = folder.Write("birds.jsonc", Recipe);
        var other = folder.Write("other/rows.jsonl", """{"id":"a","input":"A penguin.","label":"swim"}""");

        var run = await Run.Words(
            "tasks", recipe, "--json", "--set", $"task.train={Path.GetRelativePath(Environment.CurrentDirectory, other)}");

        Assert.Equal(1, run.Json["splits"]!["train"]!["rows"]!.GetValue<int>());
    }

    [Fact]
    public async Task A_missing_file_is_named_with_its_key()
    {
        using var folder = new TemporaryFolder();

        var run = await Run.Words("tasks", folder.Write("birds.jsonc", Recipe), "--json");

        Assert.Equal(ExitCode.Failure, run.Code);
        Assert.Contains("task.train", run.Json["error"]!.GetValue<string>(), StringComparison.Ordinal);
    }
}
