using StepDistill.Cli.Verbs;

namespace StepDistill.Cli.Tests.Verbs;

public sealed class TrainVerbTests
{
    [Fact]
    public async Task It_says_what_it_does_and_names_the_next_step()
    {
        using var folder = new TemporaryFolder();
        var recipe = Birds.WriteTo(folder);
        var run = folder["runs/birds/finetune-1-seed3"];

        var first = await Run.Verb(
            new TrainVerb(FakeStages.Create()), recipe, "--runs", folder["runs"], "--set", "training.seed=3", "--set", "training.arm=finetune");
        var again = await Run.Verb(
            new TrainVerb(FakeStages.Create()), recipe, "--runs", folder["runs"], "--set", "training.seed=3", "--set", "training.arm=finetune");

        Assert.Equal(
            $"""
            birds: finetune, 4 training rows (0 annotated), 1 steps of 64, into {run}
            Done: 50.0 % of the validation rows at step 1.
            The student is in {run}/student. Next: stepdistill evaluate {run}

            """,
            first.Output, ignoreLineEndingDifferences: true);
        Assert.Equal("Training: 1 of 1, loss 1.500\n", first.Error);
        Assert.Contains("It was already trained: 50.0 %", again.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_variant_is_a_run_of_its_own()
    {
        using var folder = new TemporaryFolder();
        string[] words = [Birds.WriteTo(folder), "--runs", folder["runs"], "--json"];

        var run = await Run.Verb(new TrainVerb(FakeStages.Create()), [.. words, "--variant", "slow", "--set", "training.learning_rate=1e-5"]);
        var unfit = await Run.Verb(new TrainVerb(FakeStages.Create()), [.. words, "--variant", "../slow"]);

        Assert.Equal(folder["runs/birds/step-by-step-1-seed0-slow"], run.Json["run"]!.GetValue<string>());
        Assert.Equal(ExitCode.WrongUsage, unfit.Code);
    }

    [Fact]
    public async Task Started_by_a_program_it_ends_with_it()
    {
        using var folder = new TemporaryFolder();
        using var end = new ManualResetEventSlim();
        var stages = FakeStages.Create(train: (_, cancellation) =>
        {
            end.Set();
            cancellation.WaitHandle.WaitOne(TimeSpan.FromMinutes(1));
            cancellation.ThrowIfCancellationRequested();
        }) with { Input = new EndingInput(end) };

        var run = await Run.Verb(new TrainVerb(stages), Birds.WriteTo(folder), "--runs", folder["runs"], TrainVerb.UntilInputEnds);

        Assert.Equal(ExitCode.Failure, run.Code);
        Assert.Contains("The program that started this training has ended", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_dry_run_trains_nothing()
    {
        using var folder = new TemporaryFolder();
        var stages = FakeStages.Create(train: (_, _) => Assert.Fail("It trained."));

        var run = await Run.Verb(new TrainVerb(stages), Birds.WriteTo(folder), "--runs", folder["runs"], "--dry-run", "--json");

        Assert.Equal(ExitCode.Success, run.Code);
        Assert.False(run.Json["finished"]!.GetValue<bool>());
        Assert.Contains("4 rows are not annotated yet", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Stopping_ends_with_130_and_says_how_to_go_on()
    {
        using var folder = new TemporaryFolder();
        using var stop = new CancellationTokenSource();
        var stages = FakeStages.Create(train: (_, cancellation) =>
        {
            stop.Cancel();
            cancellation.ThrowIfCancellationRequested();
        });

        var run = await Run.Verb(new TrainVerb(stages), stop.Token, Birds.WriteTo(folder), "--runs", folder["runs"], "--json");

        Assert.Equal(ExitCode.Stopped, run.Code);
        Assert.Equal(130, run.Json["exit_code"]!.GetValue<int>());
        Assert.Contains("Run the same command again to go on.", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task All_faults_of_a_recipe_are_told_at_once()
    {
        using var folder = new TemporaryFolder();

        var run = await Run.Verb(
            new TrainVerb(FakeStages.Create()), Birds.WriteTo(folder), "--set", "training.max_steps=0", "--set", "training.alpa=1");

        Assert.Equal(ExitCode.WrongUsage, run.Code);
        Assert.Equal(
            $"""
            The recipe {folder["birds.jsonc"]} cannot be used:
              - training.max_steps is 0 (by --set); it must be a whole number of at least 1.
              - --set training.alpa=1: there is no key 'training.alpa'; did you mean training.alpha?

            """,
            run.Error, ignoreLineEndingDifferences: true);
    }

    /// <summary>Input that ends when it is told to.</summary>
    private sealed class EndingInput(ManualResetEventSlim end) : TextReader
    {
        public override int Read()
        {
            end.Wait();
            return -1;
        }
    }
}
