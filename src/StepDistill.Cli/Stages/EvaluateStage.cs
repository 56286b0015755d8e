using StepDistill.Cli.Rendering;
using StepDistill.Evaluation;
using StepDistill.Recipes;
using StepDistill.Runs;
using StepDistill.Tasks;

namespace StepDistill.Cli.Stages;

/// <summary>Measures students and teachers on a recipe's rows.</summary>
/// <param name="teachers">Makes teachers.</param>
/// <param name="students">Loads students.</param>
internal sealed class EvaluateStage(TeacherStage teachers, StudentStage students)
{
    /// <summary>Lets a run's student answer rows, and keeps the report in the run's folder.</summary>
    /// <param name="recipe">The recipe.</param>
    /// <param name="run">The run; it must be finished.</param>
    /// <param name="split">Which rows.</param>
    /// <param name="withRationale">Whether the student writes its reasons too.</param>
    /// <param name="reuse">Whether a report on the very same rows that is there already will do.</param>
    /// <param name="progress">Told how far it is.</param>
    /// <param name="cancellation">Stops between batches.</param>
    /// <returns>The report and the folder that it is in.</returns>
    /// <exception cref="StepDistillException">The run is not finished.</exception>
    public async Task<(EvaluationReport Report, string Folder)> StudentAsync(
        OpenedRecipe recipe,
        RunFolder run,
        TaskSplit split,
        bool withRationale,
        bool reuse,
        IProgress<Progress> progress,
        CancellationToken cancellation)
    {
        if (!run.IsFinished)
        {
            throw new StepDistillException(
                $"{run.Root} holds no finished run, so there is no student to evaluate. Train it first: stepdistill train RECIPE");
        }

        var rows = await split.Read(cancellation).ToListAsync(cancellation).ConfigureAwait(false);
        var hash = EvaluationReport.HashOf(rows);
        var folder = run.Evaluation(AreOwnRows(recipe, run, split) ? split.Name : $"{split.Name}-{hash[..8]}");
        if (reuse && EvaluationReport.Read(folder) is { } kept && kept.RowsHash == hash)
        {
            return (kept, folder);
        }

        using var student = students(run.Student, recipe.Recipe.Evaluation);
        var report = new Evaluator(recipe.Task)
        {
            BatchSize = recipe.Recipe.Evaluation.BatchSize,
            WithRationale = withRationale,
        }.Evaluate(
            student, rows, run.Name, split.Name, new Relay<int>(done => progress.Report(new(done, rows.Count))), cancellation);
        report.Write(folder);
        return (report, folder);
    }

    /// <summary>Scores the teacher on the same rows by what is stored; null where nothing is.</summary>
    public async Task<EvaluationReport?> TeacherAsync(OpenedRecipe recipe, TaskSplit split, CancellationToken cancellation)
    {
        if (await StoredAnswers.ReadAsync(teachers, recipe, split, cancellation).ConfigureAwait(false) is not { } stored)
        {
            return null;
        }

        var report = TeacherEvaluation.Evaluate(recipe.Task, stored.Examples, stored.ById, stored.Teacher, split.Name);
        return report.Rows == 0 ? null : report;
    }

    /// <summary>Lets a run's student write its reasons for some rows, beside the labels, and keeps them in the run's folder.</summary>
    /// <param name="recipe">The recipe.</param>
    /// <param name="split">Which rows these are some of.</param>
    /// <param name="references">The teacher's rationales of the rows, by id.</param>
    /// <param name="cancellation">Stops between batches.</param>
    public async Task<EvaluationReport> RationalesAsync(
        OpenedRecipe recipe, TaskSplit split, IReadOnlyDictionary<string, string> references, CancellationToken cancellation)
    {
        var rows = await split.Read(cancellation).Where(row => references.ContainsKey(row.Id)).ToListAsync(cancellation).ConfigureAwait(false);
        var hash = EvaluationReport.HashOf(rows);
        var folder = recipe.Run.Evaluation($"{split.Name}-rationales-{hash[..8]}");
        if (EvaluationReport.Read(folder) is { } kept && kept.RowsHash == hash)
        {
            return kept;
        }

        using var student = students(recipe.Run.Student, recipe.Recipe.Evaluation);
        var report = new Evaluator(recipe.Task)
        {
            BatchSize = recipe.Recipe.Evaluation.BatchSize,
            WithRationale = true,
            ReferenceRationales = references,
        }.Evaluate(student, rows, recipe.Run.Name, split.Name, progress: null, cancellation);
        report.Write(folder);
        return report;
    }

    /// <summary>Whether a recipe's rows are those that the run's own recipe names, and not others put in their place by <c>--set</c>.</summary>
    private static bool AreOwnRows(OpenedRecipe recipe, RunFolder run, TaskSplit split)
    {
        var (here, own) = (recipe.Recipe.Task, RecipeReader.ReadFile(run.Recipe).Task);
        return split.Name == "test"
            ? here.Test == own.Test
            : (here.Train, here.Validation, here.ValidationRows, here.ValidationShare)
                == (own.Train, own.Validation, own.ValidationRows, own.ValidationShare);
    }
}
