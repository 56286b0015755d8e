using StepDistill.Cli.Rendering;
using StepDistill.Evaluation;
using StepDistill.Evaluation.Comparisons;
using StepDistill.Files;
using StepDistill.Runs;
using StepDistill.Students;
using StepDistill.Tasks;

namespace StepDistill.Cli.Stages;

/// <summary>What a comparison is asked, beside which runs it is made of.</summary>
/// <param name="Command">The command that makes it again.</param>
internal sealed record CompareSettings(string Command)
{
    /// <summary>How many runs are trained at a time, each in a process of its own where there are several.</summary>
    public int Processes { get; init; } = 1;

    /// <summary>By how much a student may be worse than the teacher, as a share.</summary>
    public double Margin { get; init; } = 0.01;

    /// <summary>Rows for which students write their reasons too; 0 for none.</summary>
    public int RationaleRows { get; init; }
}

/// <summary>Trains every run of a comparison, skipping what is done, and then measures them all.</summary>
/// <param name="stages">What it stands on.</param>
internal sealed class CompareStage(StageSet stages)
{
    private readonly EvaluateStage _evaluate = new(stages.Teacher, stages.Student);
    private readonly AnnotateStage _annotate = new(stages.Teacher);

    /// <summary>The recipe of one run: the same but for arm, fraction and seed.</summary>
    /// <param name="recipe">The recipe with the cell's size and settings.</param>
    /// <param name="cell">The run.</param>
    public static OpenedRecipe Of(OpenedRecipe recipe, ComparisonCell cell) => recipe with
    {
        Variant = cell.Variant,
        Recipe = recipe.Recipe with
        {
            Training = ComparisonArms.Of(cell.Arm, recipe.Recipe.Training) with { Fraction = cell.Fraction, Seed = cell.Seed },
        },
    };

    /// <summary>Runs the plan.</summary>
    /// <param name="recipes">The recipe with each of the plan's sizes and settings, by name.</param>
    /// <param name="plan">Which runs.</param>
    /// <param name="settings">What else is asked.</param>
    /// <param name="progress">Told how far the whole is.</param>
    /// <param name="warn">Told what no report says.</param>
    /// <param name="cancellation">Stops after the step under way; the same command goes on.</param>
    public async Task<(ComparisonReport Report, IReadOnlyList<CellOutcome> Outcomes)> RunAsync(
        IReadOnlyDictionary<string, OpenedRecipe> recipes,
        ComparisonPlan plan,
        CompareSettings settings,
        IProgress<Progress> progress,
        Action<string> warn,
        CancellationToken cancellation)
    {
        var recipe = recipes[plan.Variants[0].Name];
        var split = recipe.ReportSplit;
        var train = settings.Processes > 1 ? stages.TrainApart(settings.Processes) : stages.Train;
        var told = new CompareProgress(plan, cell => recipes[cell.Variant].Recipe.Training.MaxSteps, progress);
        IReadOnlyDictionary<string, string>? references = null;
        var outcomes = await Comparison.RunAsync(
            plan,
            async (cell, stop) =>
            {
                var one = Of(recipes[cell.Variant], cell);
                await RunLock.WhenFreeAsync(one.Run, stages.Clock, stop).ConfigureAwait(false);     // by a process that was just stopped
                await train(one, told.Of(cell), warn, stop).ConfigureAwait(false);
            },
            async (cell, stop) =>
            {
                var one = Of(recipes[cell.Variant], cell);
                told.Evaluating(cell);
                var (report, _) = await _evaluate.StudentAsync(
                    one, one.Run, split, withRationale: false, reuse: true, new Relay<Progress>(_ => { }), stop).ConfigureAwait(false);
                EvaluationReport? rationales = null;
                if (settings.RationaleRows > 0 && ComparisonArms.WritesRationales(cell.Arm))
                {
                    references ??= await ReferencesAsync(recipe, split, settings.RationaleRows, stop).ConfigureAwait(false);
                    rationales = references.Count == 0 ? null : await _evaluate.RationalesAsync(one, split, references, stop).ConfigureAwait(false);
                }

                return new CellResult(report, Examples(one.Run), one.Run.ReadManifest()!)
                {
                    Parameters = Parameters(one.Run),
                    Rationales = rationales,
                };
            },
            settings.Processes,
            told,
            cancellation).ConfigureAwait(false);
        var teacher = await _evaluate.TeacherAsync(recipe, split, cancellation).ConfigureAwait(false);
        var report = ComparisonReport.Make(
            plan,
            outcomes,
            teacher is null ? null : new TeacherResult(teacher),
            new ComparisonOrigin(
                recipe.Recipe.Name,
                outcomes.LastOrDefault(outcome => outcome.Result is not null)?.Result!.Run.Data ?? new Dictionary<string, string>(),
                RunManifest.CurrentVersions(),
                settings.Command),
            settings.Margin);
        return (report, outcomes);
    }

    /// <summary>The teacher's rationales for some of the rows, drawn by the hashes of their ids.</summary>
    private async Task<IReadOnlyDictionary<string, string>> ReferencesAsync(
        OpenedRecipe recipe, TaskSplit split, int rows, CancellationToken cancellation)
    {
        if (!File.Exists(recipe.Runs.Annotations))
        {
            return new Dictionary<string, string>();
        }

        var found = new List<(string Id, string Rationale)>();
        await foreach (var (example, annotation) in _annotate.ReadAsync(recipe, split, cancellation).ConfigureAwait(false))
        {
            if (example is { Input: not null, Label: not null } && annotation?.Rationale is { } rationale)
            {
                found.Add((example.Id, rationale));
            }
        }

        return found.OrderBy(one => ContentHash.Of(one.Id), StringComparer.Ordinal).Take(rows).ToDictionary(one => one.Id, one => one.Rationale);
    }

    private static int Examples(RunFolder run) =>
        RunLog.Read(run.Events).OfType<RunStarted>().Select(started => started.Examples).FirstOrDefault();

    private static long? Parameters(RunFolder run)
    {
        var path = Path.Combine(run.Student, T5ConfigFile.FileName);
        try
        {
            return File.Exists(path) ? T5ConfigFile.Read(path).WeightCount : null;
        }
        catch (StepDistillException)
        {
            return null;        // the answers are there; only a figure over sizes goes without
        }
    }
}
