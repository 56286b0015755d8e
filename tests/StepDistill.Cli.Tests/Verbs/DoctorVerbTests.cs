using StepDistill.Cli.Machine;
using StepDistill.Cli.Verbs;

namespace StepDistill.Cli.Tests.Verbs;

public sealed class DoctorVerbTests
{
    private static readonly Finding Good = new("memory", FindingState.Good, "23.5 GiB");
    private static readonly Finding Lacking = new("OPENAI_API_KEY", FindingState.Lacking, "not set");
    private static readonly Finding Broken = new("libtorch", FindingState.Broken, "does not load; install glibc");

    [Fact]
    public async Task What_only_lacks_does_not_fail()
    {
        var run = await Run.Verb(new DoctorVerb(() => [Good, Lacking]));

        Assert.Equal(ExitCode.Success, run.Code);
        Assert.Equal(
            "ok  memory           23.5 GiB\n--  OPENAI_API_KEY   not set\n\nReady. Try: stepdistill quickstart\n",
            run.Output);
    }

    [Fact]
    public async Task What_is_broken_fails()
    {
        var run = await Run.Verb(new DoctorVerb(() => [Good, Broken]), "--json");

        Assert.Equal(ExitCode.Failure, run.Code);
        Assert.False(run.Json["ready"]!.GetValue<bool>());
        Assert.Equal("broken", run.Json["findings"]![1]!["state"]!.GetValue<string>());
    }

    [Fact]
    public async Task Keys_are_never_shown()
    {
        Environment.SetEnvironmentVariable("HF_TOKEN", "hf_secret");
        try
        {
            var run = await Run.Words("doctor");

            Assert.Contains("HF_TOKEN         set", run.Output, StringComparison.Ordinal);
            Assert.DoesNotContain("hf_secret", run.Output + run.Error, StringComparison.Ordinal);
        }
        finally
        {
            Environment.SetEnvironmentVariable("HF_TOKEN", null);
        }
    }
}
