using System.Globalization;
using StepDistill.Cli.Rendering;
using StepDistill.Evaluation.Comparisons;
using StepDistill.Runs;

namespace StepDistill.Cli.Stages;

/// <summary>Trains and measures every run of a comparison, skipping what is done.</summary>
/// <param name="stages">What it stands on.</param>
internal sealed class CompareStage(StageSet stages)
{
    private readonly EvaluateStage _evaluate = new(stages.Teacher, stages.Student);

    /// <summary>The recipe of one run: the same but for arm, fraction and seed.</summary>
    public static OpenedRecipe Of(OpenedRecipe recipe, ComparisonCell cell) => recipe with
    {
        Recipe = recipe.Recipe with
        {
            Training = recipe.Recipe.Training with { Arm = cell.Arm, Fraction = cell.Fraction, Seed = cell.Seed },
        },
    };

    /// <summary>Runs the plan.</summary>
    /// <param name="recipe">The recipe.</param>
    /// <param name="plan">Which runs.</param>
    /// <param name="command">The command that makes the comparison again.</param>
    /// <param name="clock">Tells when it was finished.</param>
    /// <param name="progress">Told how far the whole is.</param>
    /// <param name="warn">Told what no report says.</param>
    /// <param name="cancellation">Stops after the step under way; the same command goes on.</param>
    public async Task<ComparisonReport> RunAsync(
        OpenedRecipe recipe,
        ComparisonPlan plan,
        string command,
        TimeProvider clock,
        IProgress<Progress> progress,
        Action<string> warn,
        CancellationToken cancellation)
    {
        var split = recipe.ReportSplit;
        var cells = plan.Cells.Count();
        var steps = recipe.Recipe.Training.MaxSteps;
        var (done, data) = (0, (IReadOnlyDictionary<string, string>)new Dictionary<string, string>());
        var outcomes = await Comparison.RunAsync(
            plan,
            async (cell, stop) =>
            {
                var one = Of(recipe, cell);
                var title = string.Create(CultureInfo.InvariantCulture, $"run {done + 1} of {cells}: {cell}");
                var whole = new Relay<Progress>(part => progress.Report(new(
                    ((long)done * steps) + (part.Total == steps ? part.Done : 0),       // bytes are no steps
                    (long)cells * steps,
                    part.Detail.Length == 0 ? title : $"{title}, {part.Detail}")));
                whole.Report(new(0, steps));
                var manifest = await stages.Train(one, whole, warn, stop).ConfigureAwait(false);
                data = manifest.Data;
                var (report, _) = await _evaluate.StudentAsync(
                    one, one.Run, split, withRationale: false, reuse: true, new Relay<Progress>(_ => { }), stop).ConfigureAwait(false);
                return new CellResult(report, Examples(one.Run), manifest.BestStep);
            },
            new Relay<CellOutcome>(_ => done++),
            cancellation).ConfigureAwait(false);
        var teacher = await _evaluate.TeacherAsync(recipe, split, cancellation).ConfigureAwait(false);
        return ComparisonReport.Make(
            plan,
            outcomes,
            teacher is null ? null : new TeacherResult(teacher),
            new ComparisonOrigin(recipe.Recipe.Name, clock.GetUtcNow(), data, RunManifest.CurrentVersions(), command));
    }

    private static int Examples(RunFolder run) =>
        RunLog.Read(run.Events).OfType<RunStarted>().Select(started => started.Examples).FirstOrDefault();
}
