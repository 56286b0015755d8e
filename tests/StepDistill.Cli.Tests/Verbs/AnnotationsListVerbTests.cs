using StepDistill.Cli.Verbs;

namespace StepDistill.Cli.Tests.Verbs;

public sealed class AnnotationsListVerbTests
{
    [Theory]
    [InlineData("all", "a,b,c,d")]
    [InlineData("wrong", "c")]
    [InlineData("unreadable", "d")]
    [InlineData("missing", "")]
    public async Task Rows_can_be_picked_by_what_is_the_matter(string only, string ids)
    {
        using var folder = new TemporaryFolder();
        var recipe = Birds.WriteTo(folder);
        await Run.Verb(new AnnotateVerb(FakeStages.Create()), recipe, "--runs", folder["runs"]);

        var run = await Run.Verb(
            new AnnotationsListVerb(FakeStages.Create()), recipe, "--runs", folder["runs"], "--only", only, "--json");

        Assert.Equal(ids, string.Join(',', run.Json["rows"]!.AsArray().Select(row => row!["id"]!.GetValue<string>())));
    }

    [Fact]
    public async Task Each_of_several_answers_is_listed()
    {
        using var folder = new TemporaryFolder();
        var (recipe, setting) = Birds.WriteWithTwoAnswersTo(folder);
        await Run.Verb(new AnnotateVerb(FakeStages.Create()), recipe, "--runs", folder["runs"], "--set", setting);

        var run = await Run.Verb(new AnnotationsListVerb(FakeStages.Create()), recipe, "--runs", folder["runs"], "--set", setting, "--json");

        Assert.Equal(
            ["a swim", "a ", "b ", "b ", "c swim", "c fly", "d ", "d "],
            run.Json["rows"]!.AsArray().Select(row => $"{row!["id"]} {row["label"]}"));
    }
}
