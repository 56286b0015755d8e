using StepDistill.Cli.Verbs;

namespace StepDistill.Cli.Tests.Verbs;

public sealed class AnnotationsExportVerbTests
{
    [Theory]
    [InlineData("all.jsonl.gz")]
    [InlineData("all.parquet")]
    public async Task What_is_exported_can_be_imported_elsewhere(string file)
    {
        using var folder = new TemporaryFolder();
        var recipe = Birds.WriteTo(folder);
        await Run.Verb(new AnnotateVerb(FakeStages.Create()), recipe, "--runs", folder["here"]);

        var written = await Run.Verb(new AnnotationsExportVerb(), recipe, folder[file], "--runs", folder["here"], "--json");
        var read = await Run.Verb(new AnnotationsImportVerb(), recipe, folder[file], "--runs", folder["there"], "--json");
        var left = await Run.Verb(new AnnotateVerb(FakeStages.Create()), recipe, "--runs", folder["there"], "--dry-run");

        Assert.Equal(7, written.Json["annotations"]!.GetValue<long>());
        Assert.Equal(7, read.Json["added"]!.GetValue<long>());
        Assert.Equal("birds: 7 stored, 0 to ask\n", left.Output);
    }

    [Fact]
    public async Task Without_annotations_it_says_what_comes_first()
    {
        using var folder = new TemporaryFolder();

        var run = await Run.Verb(new AnnotationsExportVerb(), Birds.WriteTo(folder), folder["all.jsonl"], "--runs", folder["none"]);

        Assert.Equal(ExitCode.Failure, run.Code);
        Assert.Contains("First: stepdistill annotate", run.Error, StringComparison.Ordinal);
        Assert.False(File.Exists(folder["all.jsonl"]));
    }
}
