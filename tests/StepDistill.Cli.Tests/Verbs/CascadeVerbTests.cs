using StepDistill.Cli.Stages;
using StepDistill.Cli.Verbs;
using StepDistill.Inference.Cascades;

namespace StepDistill.Cli.Tests.Verbs;

public sealed class CascadeVerbTests
{
    private const string RunName = "runs/birds/step-by-step-1-seed0";

    [Fact]
    public async Task A_promise_is_made_and_kept_beside_the_student()
    {
        using var folder = new TemporaryFolder();
        var recipe = await TrainedAsync(folder);

        var run = await Run.Verb(new CascadeVerb(Stages()), recipe, "--runs", folder["runs"], "--accuracy", "0.85", "--json");
        var byFolder = await Run.Verb(new CascadeVerb(Stages()), folder[RunName], "--accuracy", "0.85", "--json");

        Assert.Equal(ExitCode.Success, run.Code);
        Assert.Equal(run.Output, byFolder.Output);
        var json = run.Json;
        Assert.True(json["met"]!.GetValue<bool>());
        Assert.Equal(("accuracy", 0.85, 0.05, 1000), ((string)json["goal"]!, (double)json["target"]!, (double)json["delta"]!, (int)json["rows"]!));
        Assert.InRange(json["threshold"]!.GetValue<double>(), 0.3, 0.99);
        Assert.Equal(1, json["answered_share"]!.GetValue<double>() + json["cost_share"]!.GetValue<double>(), 1e-12);
        Assert.InRange(json["curve"]!.AsArray().Count, 100, 201);
        var file = CascadeFile.Read(folder[$"{RunName}/student"]);
        Assert.Equal(json["threshold"]!.GetValue<double>(), file.Plan.Rule!.Value.Threshold);
        Assert.Equal(("0123456789ab", "float32"), (file.Student, file.Precision));
        Assert.Equal(folder[$"{RunName}/student/cascade.json"], (string?)json["file"]);
    }

    [Fact]
    public async Task People_get_a_table_and_a_sentence()
    {
        using var folder = new TemporaryFolder();

        var run = await Run.Verb(
            new CascadeVerb(Stages()), await TrainedAsync(folder), "--runs", folder["runs"], "--accuracy", "0.85", "--call-price", "0.01", "--splits", "5");

        Assert.Matches("threshold +student answers +right of those +right of all", run.Output);
        Assert.Matches(@"never +0\.0 % +– +9\d\.\d %", run.Output);
        Assert.Contains("chosen", run.Output, StringComparison.Ordinal);
        Assert.Contains("At least 85.0 % of the answers are right in the long run, in 95.0 % of such choices. Of 1,000 rows the student answers ", run.Output, StringComparison.Ordinal);
        Assert.Matches(@"1,000 rows will cost \$\d\.\d\d instead of \$10\.00\.", run.Output);
        Assert.Contains("the promise held on the other halves in ", run.Output, StringComparison.Ordinal);
        Assert.Contains("Written to ", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_cannot_be_promised_ends_with_3_and_leaves_no_file()
    {
        using var folder = new TemporaryFolder();

        var run = await Run.Verb(new CascadeVerb(Stages()), await TrainedAsync(folder), "--runs", folder["runs"], "--accuracy", "0.99", "--json");

        Assert.Equal(ExitCode.GateNotMet, run.Code);
        Assert.False(run.Json["met"]!.GetValue<bool>());
        Assert.Null(run.Json["threshold"]);
        Assert.StartsWith("99.0 % cannot be promised in the long run.", (string?)run.Json["summary"], StringComparison.Ordinal);
        Assert.False(File.Exists(folder[$"{RunName}/student/cascade.json"]));
    }

    [Theory]
    [InlineData("accuracy_among_answered", "--accuracy", "0.8", "--among-answered", "--future-rows", "200", "--delta", "0.1")]
    [InlineData("cost_share", "--cost-share", "0.4")]
    public async Task Other_promises_need_nothing_of_the_teacher(string goal, params string[] words)
    {
        using var folder = new TemporaryFolder();

        var run = await Run.Verb(new CascadeVerb(Stages(known: _ => false)), [await TrainedAsync(folder), "--runs", folder["runs"], "--json", .. words]);

        Assert.Equal(ExitCode.Success, run.Code);
        Assert.Equal(goal, (string?)run.Json["goal"]);
        Assert.Null(run.Json["expected_accuracy"]);
    }

    [Fact]
    public async Task Rows_that_the_teacher_was_not_asked_about_are_told_of()
    {
        using var folder = new TemporaryFolder();

        var run = await Run.Verb(new CascadeVerb(Stages(known: i => i % 2 == 0)), await TrainedAsync(folder), "--runs", folder["runs"], "--accuracy", "0.8");

        Assert.Contains("500 rows were left out: recorded was never asked about them.", run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Say what to promise")]
    [InlineData("Say what to promise", "--accuracy", "0.9", "--cost-share", "0.3")]
    [InlineData("--among-answered goes with --accuracy", "--cost-share", "0.3", "--among-answered")]
    [InlineData("--splits goes with --accuracy", "--cost-share", "0.3", "--splits", "3")]
    [InlineData("--call-price must be dollars above 0", "--accuracy", "0.9", "--call-price", "0")]
    public async Task Words_that_make_no_sense_are_refused(string why, params string[] words)
    {
        var run = await Run.Verb(new CascadeVerb(Stages()), ["none.jsonc", .. words]);

        Assert.Equal(ExitCode.WrongUsage, run.Code);
        Assert.Contains(why, run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Numbers_outside_their_range_are_refused()
    {
        using var folder = new TemporaryFolder();

        var run = await Run.Verb(new CascadeVerb(Stages()), await TrainedAsync(folder), "--runs", folder["runs"], "--accuracy", "90");

        Assert.Equal(ExitCode.Failure, run.Code);
        Assert.Contains("the accuracy to promise is 90; it must be above 0 and below 1", run.Error, StringComparison.Ordinal);
    }

    private static async Task<string> TrainedAsync(TemporaryFolder folder)
    {
        var recipe = Birds.WriteTo(folder);
        await Run.Verb(new TrainVerb(FakeStages.Create()), recipe, "--runs", folder["runs"]);
        return recipe;
    }

    /// <summary>A calibrated student of a thousand rows, and a teacher that is right in nine of ten.</summary>
    private static StageSet Stages(Func<int, bool>? known = null) => FakeStages.Create() with
    {
        CascadeRows = (_, _, _, progress, _) =>
        {
            using var student = new FakeClassifier(_ => throw new InvalidOperationException());
            var chance = new Random(1);
            var rows = Enumerable.Range(0, 1000).Select(i =>
            {
                var sure = 1 - (chance.NextDouble() * 0.6);
                var (right, large) = (chance.NextDouble() < sure, chance.NextDouble() < 0.92);
                return new CascadeRow(sure, right, known?.Invoke(i) == false ? null : large) { Label = "fly" };
            }).ToList();
            progress.Report(new(1000, 1000));
            return Task.FromResult(new CascadeRows(rows, student.Description, "recorded"));
        },
    };
}
