using StepDistill.Cli.Verbs;

namespace StepDistill.Cli.Tests.Verbs;

public sealed class AnnotationsStatsVerbTests
{
    [Fact]
    public async Task Recorded_answers_are_counted_without_being_annotated_first()
    {
        using var folder = new TemporaryFolder();

        var run = await Run.Verb(
            new AnnotationsStatsVerb(FakeStages.Create()), Birds.WriteTo(folder), "--runs", folder["runs"], "--json");

        Assert.Equal(ExitCode.Success, run.Code);
        Assert.Equal("birds", run.Json["recipe"]!.GetValue<string>());
        var train = run.Json["splits"]!["train"]!;
        Assert.Equal(
            (4, 3, 3, 2, 2.0 / 3),
            (train["rows"]!.GetValue<long>(), train["with_gold"]!.GetValue<long>(), train["readable"]!.GetValue<long>(),
                train["correct"]!.GetValue<long>(), train["accuracy"]!.GetValue<double>()));
        Assert.Equal(1, run.Json["splits"]!["validation"]!["rows"]!.GetValue<long>());
        Assert.Null(run.Json["splits"]!["test"]!["accuracy"]);
    }

    [Fact]
    public async Task Several_answers_are_counted_each()
    {
        using var folder = new TemporaryFolder();
        var (recipe, setting) = Birds.WriteWithTwoAnswersTo(folder);

        var table = await Run.Verb(new AnnotationsStatsVerb(FakeStages.Create()), recipe, "--runs", folder["runs"], "--set", setting);
        var run = await Run.Verb(new AnnotationsStatsVerb(FakeStages.Create()), recipe, "--runs", folder["runs"], "--set", setting, "--json");

        Assert.Contains("train, answer 1", table.Output, StringComparison.Ordinal);
        Assert.Contains("train, answer 2", table.Output, StringComparison.Ordinal);
        var train = run.Json["splits"]!["train"]!;
        Assert.Equal((2, 1), (train["readable"]!.GetValue<int>(), train["correct"]!.GetValue<int>()));
        Assert.Equal(
            [(2, 1), (1, 1)],
            train["answers"]!.AsArray().Select(answer => (answer!["readable"]!.GetValue<int>(), answer["correct"]!.GetValue<int>())));
    }

    [Fact]
    public async Task The_table_says_why_answers_have_no_label()
    {
        using var folder = new TemporaryFolder();

        var run = await Run.Verb(new AnnotationsStatsVerb(FakeStages.Create()), Birds.WriteTo(folder), "--runs", folder["runs"]);

        Assert.Contains("train          4          3         4         3        2   66.67 %", run.Output, StringComparison.Ordinal);
        Assert.Contains("The recorded label 'walk' is not one that the task allows.", run.Output, StringComparison.Ordinal);
    }
}
