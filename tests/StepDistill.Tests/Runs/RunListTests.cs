using StepDistill.Recipes;
using StepDistill.Runs;

namespace StepDistill.Tests.Runs;

public sealed class RunListTests : IDisposable
{
    private readonly TemporaryFolder _files = new();

    public void Dispose() => _files.Dispose();

    [Fact]
    public void Each_run_is_listed_with_how_far_it_is()
    {
        var finished = Make(seed: 0, new Finished(6, 0.75, 9) { Step = 9 });
        finished.WriteManifest(RunManifestTests.Sample);
        using var held = RunLock.Take(Make(seed: 1));
        Make(seed: 2, new Failed("The loss is not a number.") { Step = 8 });
        Make(seed: 3);
        Directory.CreateDirectory(_files["birds/comparison"]);

        var runs = RunList.Read(_files.Path);

        Assert.Equal(
            [
                ("finetune-1-seed0", RunState.Finished, 9, 0.75, (string?)null),
                ("finetune-1-seed1", RunState.Running, 7, 0.5, null),
                ("finetune-1-seed2", RunState.Failed, 8, 0.5, "The loss is not a number."),
                ("finetune-1-seed3", RunState.Interrupted, 7, 0.5, null),
            ],
            runs.Select(run => (run.Folder.Name, run.State, run.Step, run.BestScore!.Value, run.Fault)));
        Assert.All(runs, run => Assert.Equal(("birds", 20), (run.Recipe, run.MaxSteps)));
    }

    [Fact]
    public void Where_nothing_ran_the_list_is_empty() => Assert.Empty(RunList.Read(_files["nothing"]));

    private RunFolder Make(int seed, params RunEvent[] end)
    {
        var recipe = SampleRecipe.Birds with { Training = new TrainingSection { Arm = Arms.Finetune, Seed = seed } };
        var folder = new RecipeFolder(_files.Path, recipe.Name).Run(recipe.Training);
        folder.Claim(recipe, SampleRecipe.Data);
        using var log = RunLog.Create(folder.Events, TimeProvider.System);
        log.Append(new RunStarted("abc", folder.Name, 20, 10, 1000));
        log.Append(new Evaluated(0.5, true, new Dictionary<string, double>()) { Step = 6 });
        log.Append(new Evaluated(0.4, false, new Dictionary<string, double>()) { Step = 7 });
        Array.ForEach(end, log.Append);
        return folder;
    }
}
