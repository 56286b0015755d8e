using StepDistill.Cli.Verbs;

namespace StepDistill.Cli.Tests.Verbs;

public sealed class AnnotationsShowVerbTests
{
    [Fact]
    public async Task One_row_is_shown_with_everything()
    {
        using var folder = new TemporaryFolder();
        var recipe = Birds.WriteTo(folder);
        await Run.Verb(new AnnotateVerb(FakeStages.Create()), recipe, "--runs", folder["runs"]);

        var run = await Run.Verb(new AnnotationsShowVerb(FakeStages.Create()), recipe, "c", "--runs", folder["runs"]);

        Assert.Equal(
            """
            c (train)
            input:     heron
            gold:      fly
            status:    ok
            label:     swim
            rationale: It stands in water.
            teacher:   recorded

            """,
            run.Output, ignoreLineEndingDifferences: true);
    }

    [Fact]
    public async Task Several_answers_follow_one_another()
    {
        using var folder = new TemporaryFolder();
        var (recipe, setting) = Birds.WriteWithTwoAnswersTo(folder);
        await Run.Verb(new AnnotateVerb(FakeStages.Create()), recipe, "--runs", folder["runs"], "--set", setting);

        var text = await Run.Verb(new AnnotationsShowVerb(FakeStages.Create()), recipe, "c", "--runs", folder["runs"], "--set", setting);
        var run = await Run.Verb(new AnnotationsShowVerb(FakeStages.Create()), recipe, "c", "--runs", folder["runs"], "--set", setting, "--json");

        Assert.Matches("It stands in water\\.(.|\n)*It has wings\\.", text.Output);
        Assert.Equal("swim", run.Json["label"]!.GetValue<string>());
        Assert.Equal(["swim", "fly"], run.Json["answers"]!.AsArray().Select(answer => answer!["label"]!.GetValue<string>()));
    }

    [Fact]
    public async Task An_unknown_id_is_answered_with_where_to_find_them()
    {
        using var folder = new TemporaryFolder();

        var run = await Run.Verb(
            new AnnotationsShowVerb(FakeStages.Create()), Birds.WriteTo(folder), "zz", "--runs", folder["runs"]);

        Assert.Equal(ExitCode.Failure, run.Code);
        Assert.Contains("No row of birds has the id 'zz'", run.Error, StringComparison.Ordinal);
    }
}
