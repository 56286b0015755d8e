using StepDistill.Cli.Verbs;

namespace StepDistill.Cli.Tests.Verbs;

public sealed class VerifyVerbTests
{
    [Theory]
    [InlineData(1e-6, ExitCode.Success)]
    [InlineData(1e-3, ExitCode.GateNotMet)]
    [InlineData(null, ExitCode.GateNotMet)]
    [InlineData(double.NaN, ExitCode.GateNotMet)]
    public async Task A_difference_past_its_tolerance_ends_with_3(double? difference, int code)
    {
        using var folder = new TemporaryFolder();
        folder.Write("student/config.json", "{}");
        folder.Write("reference/inputs.json", "{}");
        var verb = new VerifyVerb(FakeStages.Create(difference: difference));

        var run = await Run.Verb(verb, folder["student"], "--against", folder["reference"], "--json");

        Assert.Equal(code, run.Code);
        Assert.Equal(code == ExitCode.Success, run.Json["passed"]!.GetValue<bool>());
        Assert.Equal("logits", run.Json["checks"]![0]!["name"]!.GetValue<string>());
        Assert.Equal("no training.json", run.Json["not_checked"]![0]!.GetValue<string>());
    }

    [Fact]
    public async Task The_table_shows_difference_and_tolerance()
    {
        using var folder = new TemporaryFolder();
        folder.Write("student/config.json", "{}");
        Directory.CreateDirectory(folder["reference"]);

        var run = await Run.Verb(new VerifyVerb(FakeStages.Create()), folder["student"], "--against", folder["reference"]);

        Assert.Matches("logits +1.0e-6 +2.0e-4  absolute  ok  row 1", run.Output);
        Assert.Contains("Equal within the tolerances.", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_reference_that_is_not_there_is_named()
    {
        using var folder = new TemporaryFolder();
        folder.Write("student/config.json", "{}");

        var run = await Run.Verb(new VerifyVerb(FakeStages.Create()), folder["student"], "--against", folder["none"]);

        Assert.Equal(ExitCode.Failure, run.Code);
        Assert.Contains("There is no reference at", run.Error, StringComparison.Ordinal);
    }
}
