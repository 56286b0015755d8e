namespace StepDistill.Cli.Tests.Verbs;

public sealed class InitVerbTests
{
    [Fact]
    public async Task A_new_project_has_a_recipe_that_can_be_used_as_it_is()
    {
        using var folder = new TemporaryFolder();

        var made = await Run.Words("init", folder["My Task"]);
        var rows = await Run.Words("tasks", folder["My Task/recipe.jsonc"], "--json");

        Assert.Equal((ExitCode.Success, ""), (made.Code, made.Error));
        Assert.Contains("Next: stepdistill run", made.Output, StringComparison.Ordinal);
        Assert.Equal(ExitCode.Success, rows.Code);
        Assert.Equal("my-task", rows.Json["recipe"]!.GetValue<string>());
        Assert.Equal(40, rows.Json["splits"]!["train"]!["rows"]!.GetValue<int>());
        Assert.Equal(40, rows.Json["splits"]!["train"]!["recorded"]!.GetValue<int>());
        Assert.DoesNotContain("PROJECT", File.ReadAllText(folder["My Task/README.md"]), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nothing_is_overwritten()
    {
        using var folder = new TemporaryFolder();
        folder.Write("mine/recipe.jsonc", "precious");

        var run = await Run.Words("init", folder["mine"]);

        Assert.Equal(ExitCode.Failure, run.Code);
        Assert.Contains("already holds something", run.Error, StringComparison.Ordinal);
        Assert.Equal("precious", File.ReadAllText(folder["mine/recipe.jsonc"]));
    }
}
