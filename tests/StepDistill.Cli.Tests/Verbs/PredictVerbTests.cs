using StepDistill.Cli.Verbs;

namespace StepDistill.Cli.Tests.Verbs;

public sealed class PredictVerbTests
{
    [Fact]
    public async Task Texts_are_answered_in_their_order()
    {
        using var folder = new TemporaryFolder();
        folder.Write("config.json", "{}");

        var run = await Run.Verb(
            new PredictVerb(FakeStages.Create(answer: input => input.ToUpperInvariant())), folder.Root, "crow", "auk", "--rationale");

        Assert.Equal("CROW\n  because: it is crow\nAUK\n  because: it is auk\n", run.Output);
    }

    [Fact]
    public async Task Lines_of_standard_input_are_answered_too()
    {
        using var folder = new TemporaryFolder();
        folder.Write("config.json", "{}");
        using var input = new StringReader("@crow\n\"two\\nlines\"\n\"quoted\" word\n");

        var run = await Run.Verb(new PredictVerb(FakeStages.Create(answer: text => text) with { Input = input }), folder.Root, "--json");

        Assert.Equal(
            ["@crow", "two\nlines", "\"quoted\" word"],
            run.Json["predictions"]!.AsArray().Select(said => said!["label"]!.GetValue<string>()));
    }

    [Fact]
    public async Task A_folder_without_a_student_is_named()
    {
        using var folder = new TemporaryFolder();

        var run = await Run.Verb(new PredictVerb(FakeStages.Create()), folder.Root, "crow");

        Assert.Equal(ExitCode.Failure, run.Code);
        Assert.Contains("holds no student", run.Error, StringComparison.Ordinal);
    }
}
