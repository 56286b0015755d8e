using StepDistill.Cli.Quickstart;
using StepDistill.Cli.Stages;
using StepDistill.Cli.Verbs;
using StepDistill.Cli.Tests.Quickstart;

namespace StepDistill.Cli.Tests.Verbs;

public sealed class QuickstartVerbTests
{
    private static readonly QuickstartSize Tiny = new() { TrainRows = 40, ValidationRows = 4, TestRows = 12, Steps = 4, Seeds = [0, 1] };

    [Fact]
    public async Task It_goes_the_whole_way_and_back_again_withtodoing_anything_twice()
    {
        using var folder = new TemporaryFolder();
        var to = folder["new"];

        var run = await Run.Verb(new QuickstartVerb(RealStages.Create(), Tiny), "--out", to);
        var report = Path.Combine(to, "runs", "quickstart", "comparison", "comparison.md");

        Assert.Equal((ExitCode.Success, ""), (run.Code, run.Error.Contains("fail", StringComparison.OrdinalIgnoreCase) ? run.Error : ""));
        Assert.Contains("Ann shows a ", run.Output, StringComparison.Ordinal);
        Assert.Contains("SIMULATED", run.Output, StringComparison.Ordinal);
        Assert.Contains("the interval includes 0", run.Output, StringComparison.Ordinal);    // four steps teach nothing
        Assert.Contains("**simulated**", File.ReadAllText(report), StringComparison.Ordinal);
        Assert.True(File.Exists(Path.Combine(to, "runs", "quickstart", "step-by-step-1-seed0", "student", "model.safetensors")));

        var stages = RealStages.Create();
        var again = await Run.Verb(
            new QuickstartVerb(
                stages with { Train = (recipe, _, _, _) => Task.FromResult(recipe.Run.ReadManifest() ?? throw new InvalidOperationException("It trains again.")) },
                Tiny),
            "--out", to, "--json");

        Assert.Equal(ExitCode.Success, again.Code);
        Assert.Equal(4, again.Json["comparison"]!["cells"]!.AsArray().Count);
        Assert.All(again.Json["comparison"]!["cells"]!.AsArray(), cell => Assert.Null(cell!["fault"]));
        Assert.True(again.Json["teacher"]!["simulated"]!.GetValue<bool>());
        Assert.Equal(3, again.Json["answers"]!.AsArray().Count);
        Assert.Null(again.Json["helped"]);

        // The ordinary verbs find everything where it is, and ask nobody.
        var ordinary = await Run.Words(
            "compare", Path.Combine(to, "quickstart.jsonc"), "--runs", Path.Combine(to, "runs"), "--seeds", "0,1",
            "--arms", "finetune,step-by-step", "--rationale-rows", "0", "--json");
        Assert.Equal(ExitCode.Success, ordinary.Code);
        Assert.Equal(
            again.Json["comparison"]!["cells"]!.ToJsonString(), ordinary.Json["cells"]!.ToJsonString());
    }

    [Fact]
    public async Task What_students_say_decides_what_is_concluded()
    {
        using var folder = new TemporaryFolder();
        var stages = FakeStages.Create(answer: ThingsGameTests.Solve);

        var run = await Run.Verb(new QuickstartVerb(stages, Tiny), "--out", folder["new"], "--json");

        // Every student of both arms is perfect, so reasons made no difference.
        Assert.Null(run.Json["helped"]);
        Assert.Equal(0.0, run.Json["comparison"]!["differences"]![0]!["difference"]!.GetValue<double>());
        Assert.All(run.Json["answers"]!.AsArray(), answer => Assert.Equal(
            answer!["gold"]!.GetValue<string>(), answer["label"]!.GetValue<string>()));
    }

    [Fact]
    public async Task A_folder_of_something_else_is_refused()
    {
        using var folder = new TemporaryFolder();
        folder.Write("mine.txt", "precious");

        var run = await Run.Verb(new QuickstartVerb(FakeStages.Create(), Tiny), "--out", folder.Root);

        Assert.Equal(ExitCode.Failure, run.Code);
        Assert.Contains("--out", run.Error, StringComparison.Ordinal);
    }
}
