namespace StepDistill.Runs;

/// <summary>How far a run is.</summary>
public enum RunState
{
    /// <summary>It has its manifest.</summary>
    Finished,

    /// <summary>A process is at work on it.</summary>
    Running,

    /// <summary>It said why it could not go on.</summary>
    Failed,

    /// <summary>Its process ended before the run did; the same command goes on with it.</summary>
    Interrupted,
}

/// <summary>One run as lists show it.</summary>
/// <param name="Recipe">The name of its recipe's folder.</param>
/// <param name="Folder">Its folder.</param>
/// <param name="State">How far it is.</param>
/// <param name="Step">Updates of the weights so far.</param>
/// <param name="MaxSteps">Updates it will take at most; null where its log does not say yet.</param>
/// <param name="BestScore">The best score on the validation rows so far; null where there is none yet.</param>
/// <param name="LastEventAt">When it last gave a sign; null where its log is empty.</param>
/// <param name="Fault">Why it failed; null where it did not.</param>
public sealed record RunSummary(
    string Recipe,
    RunFolder Folder,
    RunState State,
    int Step,
    int? MaxSteps,
    double? BestScore,
    DateTimeOffset? LastEventAt,
    string? Fault);

/// <summary>Lists the runs below a folder.</summary>
public static class RunList
{
    /// <summary>Finds every run, by recipe and name; a folder that no run has claimed is passed over.</summary>
    /// <param name="root">
    /// The folder of all recipes, such as <see cref="RecipeFolder.DefaultRoot"/>; it may be missing.
    /// </param>
    /// <exception cref="StepDistillException">A run's log cannot be understood.</exception>
    public static IReadOnlyList<RunSummary> Read(string root) => Directory.Exists(root)
        ? [
            .. from recipe in Directory.EnumerateDirectories(root).Order(StringComparer.Ordinal)
               from run in Directory.EnumerateDirectories(recipe).Order(StringComparer.Ordinal)
               let folder = new RunFolder(run)
               where File.Exists(folder.Identity)
               select Summarise(Path.GetFileName(recipe), folder),
        ]
        : [];

    private static RunSummary Summarise(string recipe, RunFolder folder)
    {
        RunEvent? last = null;
        RunStarted? started = null;
        double? best = null;
        foreach (var happened in RunLog.Read(folder.Events))
        {
            last = happened;
            started = happened as RunStarted ?? started;
            best = happened switch
            {
                Evaluated { IsBest: true } look => look.Score,
                Finished end => end.BestScore,
                _ => best,
            };
        }

        var state = folder.IsFinished ? RunState.Finished
            : RunLock.IsHeld(folder) ? RunState.Running
            : last is Failed ? RunState.Failed
            : RunState.Interrupted;
        return new(
            recipe, folder, state, last?.Step ?? 0, started?.MaxSteps, best, last?.At, (last as Failed)?.Message);
    }
}
