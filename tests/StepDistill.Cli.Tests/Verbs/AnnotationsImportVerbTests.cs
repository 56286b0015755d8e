using StepDistill.Cli.Verbs;

namespace StepDistill.Cli.Tests.Verbs;

public sealed class AnnotationsImportVerbTests
{
    [Fact]
    public async Task A_faulty_file_adds_nothing()
    {
        using var folder = new TemporaryFolder();
        var recipe = Birds.WriteTo(folder);
        await Run.Verb(new AnnotateVerb(FakeStages.Create()), recipe, "--runs", folder["here"]);
        await Run.Verb(new AnnotationsExportVerb(), recipe, folder["all.jsonl"], "--runs", folder["here"]);
        File.AppendAllText(folder["all.jsonl"], "{\"id\":\"torn\"}\n");

        var run = await Run.Verb(new AnnotationsImportVerb(), recipe, folder["all.jsonl"], "--runs", folder["there"]);
        var left = await Run.Verb(new AnnotateVerb(FakeStages.Create()), recipe, "--runs", folder["there"], "--dry-run");

        Assert.Equal(ExitCode.Failure, run.Code);
        Assert.Contains("all.jsonl", run.Error, StringComparison.Ordinal);
        Assert.Equal("birds: 0 stored, 7 to ask\n", left.Output);
    }
}
