using System.Runtime.CompilerServices;
using StepDistill.Annotations;
using StepDistill.Tasks;
using StepDistill.Teachers;
using StepDistill.Teachers.BatchJobs;
using StepDistill.Teachers.Prices;

namespace StepDistill.Cli.Stages;

/// <summary>How many of some rows are annotated.</summary>
/// <param name="Split">Which rows.</param>
/// <param name="Rows">How many there are.</param>
/// <param name="Annotated">Those with at least one answer, readable or not.</param>
/// <param name="Stored">Questions that are answered, readably or not: one a row, or as many as the teacher gives answers.</param>
/// <param name="ToAsk">Questions that are still to be asked.</param>
/// <param name="Failed">Of the stored ones, those to which no reply came and that are in no batch.</param>
/// <param name="Batched">Questions that are in open batches, or whose answers have arrived from one and are still to be stored.</param>
internal sealed record AnnotationNeed(string Split, long Rows, long Annotated, long Stored, long ToAsk, long Failed, long Batched)
{
    /// <summary>Rows that the teacher cannot be asked about: without an input, or without the gold label that its prompt gives.</summary>
    public long CannotAsk { get; init; }
}

/// <summary>What annotating will take.</summary>
/// <param name="Needs">What is stored and what is to be asked, by split.</param>
/// <param name="Estimator">Tokens, dollars and time.</param>
internal sealed record AnnotationPlan(IReadOnlyList<AnnotationNeed> Needs, Estimator Estimator);

/// <summary>Annotates a recipe's rows: joins rows, teacher and store.</summary>
/// <param name="teachers">Makes teachers.</param>
internal sealed class AnnotateStage(TeacherStage teachers)
{
    /// <summary>Recorded answers cost nothing, so all rows are read; of a model behind an API only what training needs is asked.</summary>
    public static IReadOnlyList<TaskSplit> DefaultSplits(OpenedRecipe recipe) =>
        IsFree(recipe) ? [.. recipe.Splits.All] : [recipe.Splits.Train];

    /// <summary>Whether asking costs neither money nor much time.</summary>
    public static bool IsFree(OpenedRecipe recipe) => recipe.Recipe.Teacher.Name == "recorded";

    /// <summary>Counts what is stored and what is to be asked.</summary>
    public async Task<IReadOnlyList<AnnotationNeed>> CountAsync(
        OpenedRecipe recipe, IReadOnlyList<TaskSplit> splits, CancellationToken cancellation) =>
        (await PlanAsync(recipe, splits, cancellation).ConfigureAwait(false)).Needs;

    /// <summary>Counts what is stored and what is to be asked, and says what that will take.</summary>
    public Task<AnnotationPlan> PlanAsync(OpenedRecipe recipe, IReadOnlyList<TaskSplit> splits, CancellationToken cancellation) =>
        PlanAsync(recipe, splits, sample: null, cancellation);

    /// <summary>Asks about some rows drawn by chance, so that the tokens of their answers can tell those of the others.</summary>
    /// <param name="recipe">The recipe; its seed draws.</param>
    /// <param name="splits">Which rows.</param>
    /// <param name="rows">Rows to measure; those that are measured already count.</param>
    /// <param name="progress">Told how far it is.</param>
    /// <param name="cancellation">Asks no more; what is under way is waited for and stored.</param>
    /// <returns>How many questions were asked.</returns>
    public async Task<long> PilotAsync(
        OpenedRecipe recipe, IReadOnlyList<TaskSplit> splits, int rows, IProgress<AnnotationProgress> progress, CancellationToken cancellation)
    {
        var measured = (await PlanAsync(recipe, splits, cancellation).ConfigureAwait(false)).Estimator.MeasuredRows;
        if (measured >= rows)
        {
            return 0;
        }

        var sample = new RowSample((int)(rows - measured), recipe.Recipe.Training.Seed);
        await PlanAsync(recipe, splits, sample, cancellation).ConfigureAwait(false);
        return (await RunAsync(
            recipe, sample.Rows.ToAsyncEnumerable(), sample.Rows.Count, retryFailed: false, maxCost: null, progress, cancellation)
            .ConfigureAwait(false)).Asked;
    }

    private async Task<AnnotationPlan> PlanAsync(
        OpenedRecipe recipe, IReadOnlyList<TaskSplit> splits, RowSample? sample, CancellationToken cancellation)
    {
        var teacher = await teachers(recipe.Recipe, recipe.Task, maxCost: null, cancellation).ConfigureAwait(false);
        using var disposable = teacher as IDisposable;
        using var store = SqliteAnnotationStore.Open(recipe.Runs.Annotations);
        using var ledger = BatchLedger.OpenIfThere(recipe.Runs.BatchLedger);
        var estimator = new Estimator(teacher, recipe.Recipe.Teacher, ledger is null ? null : key => ledger.Find([key]).Count > 0);
        var needs = new List<AnnotationNeed>();
        foreach (var split in splits)
        {
            var (rows, annotated, stored, ask, failed, batched, cannot) = (0L, 0L, 0L, 0L, 0L, 0L, 0L);
            await foreach (var row in
                AnnotatedExample.ReadAsync(split.Read(cancellation), teacher, store, cancellation).ConfigureAwait(false))
            {
                var questions = estimator.Add(row);
                rows++;
                cannot += teacher.CanAnswer(row.Example) ? 0 : 1;
                annotated += questions.Stored > 0 ? 1 : 0;
                stored += questions.Stored;
                failed += questions.Failed;
                ask += questions.ToAsk;
                batched += questions.Batched;
                if (questions.ToAsk > 0)
                {
                    sample?.Add(row.Example);
                }
            }

            needs.Add(new(split.Name, rows, annotated, stored, ask, failed, batched) { CannotAsk = cannot });
        }

        return new(needs, estimator);
    }

    /// <summary>Counts what the annotations of a split are like, by each of the teacher's answers.</summary>
    public async Task<IReadOnlyList<AnnotationStatistics>> StatisticsAsync(
        OpenedRecipe recipe, TaskSplit split, CancellationToken cancellation)
    {
        var teacher = await teachers(recipe.Recipe, recipe.Task, maxCost: null, cancellation).ConfigureAwait(false);
        using var disposable = teacher as IDisposable;
        using var store = SqliteAnnotationStore.Open(recipe.Runs.Annotations);
        var counts = new List<AnnotationStatistics>();
        for (var answer = 0; answer < teacher.Answers.Count; answer++)
        {
            var number = answer;
            counts.Add(await AnnotationStatistics.CountAsync(
                recipe.Task,
                AnnotatedExample.ReadAsync(split.Read(cancellation), teacher, store, cancellation)
                    .Select(row => row.EachAnswer.ElementAt(number)),
                cancellation).ConfigureAwait(false));
        }

        return counts;
    }

    /// <summary>Says how good the teacher is on a split, and what of its answers a student can use.</summary>
    public Task<TeacherReport> ReportAsync(OpenedRecipe recipe, TaskSplit split, CancellationToken cancellation) =>
        TeacherReport.CountAsync(recipe.Task, recipe.Recipe.Teacher, ReadAsync(recipe, split, cancellation), cancellation);

    /// <summary>Streams a split's rows, each with its annotations.</summary>
    public async IAsyncEnumerable<AnnotatedExample> ReadAsync(
        OpenedRecipe recipe, TaskSplit split, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var teacher = await teachers(recipe.Recipe, recipe.Task, maxCost: null, cancellation).ConfigureAwait(false);
        using var disposable = teacher as IDisposable;
        using var store = SqliteAnnotationStore.Open(recipe.Runs.Annotations);
        await foreach (var row in
            AnnotatedExample.ReadAsync(split.Read(cancellation), teacher, store, cancellation).ConfigureAwait(false))
        {
            yield return row;
        }
    }

    /// <summary>Adds up what all answers in the store cost, of every prompt and teacher that was ever asked for this recipe.</summary>
    /// <returns>Dollars, and how many answers have a price and how many do not; null dollars where none has.</returns>
    public static async Task<(decimal? Cost, long Priced, long Unpriced)> SpentAsync(OpenedRecipe recipe, CancellationToken cancellation)
    {
        using var store = SqliteAnnotationStore.Open(recipe.Runs.Annotations);
        var (cost, priced, unpriced) = (0m, 0L, 0L);
        await foreach (var annotation in store.ReadAsync(cancellation).ConfigureAwait(false))
        {
            (cost, priced, unpriced) = annotation.Price is { } price ? (cost + price, priced + 1, unpriced) : (cost, priced, unpriced + 1);
        }

        return (priced > 0 ? cost : null, priced, unpriced);
    }

    /// <summary>Asks about every row that is not stored.</summary>
    /// <param name="recipe">The recipe.</param>
    /// <param name="splits">Which rows.</param>
    /// <param name="rows">How many there are, for the time left.</param>
    /// <param name="retryFailed">Whether to ask again where no reply came.</param>
    /// <param name="maxCost">Dollars that this may cost; null for no such limit.</param>
    /// <param name="progress">Told how far it is.</param>
    /// <param name="cancellation">Asks no more; what is under way is waited for and stored.</param>
    public Task<AnnotationProgress> RunAsync(
        OpenedRecipe recipe,
        IReadOnlyList<TaskSplit> splits,
        long rows,
        bool retryFailed,
        decimal? maxCost,
        IProgress<AnnotationProgress> progress,
        CancellationToken cancellation) =>
        RunAsync(
            recipe, splits.ToAsyncEnumerable().SelectMany(split => split.Read(cancellation)), rows, retryFailed, maxCost, progress, cancellation);

    private async Task<AnnotationProgress> RunAsync(
        OpenedRecipe recipe,
        IAsyncEnumerable<Example> examples,
        long rows,
        bool retryFailed,
        decimal? maxCost,
        IProgress<AnnotationProgress> progress,
        CancellationToken cancellation)
    {
        var teacher = await teachers(recipe.Recipe, recipe.Task, maxCost, cancellation).ConfigureAwait(false);
        using var disposable = teacher as IDisposable;
        using var store = SqliteAnnotationStore.Open(recipe.Runs.Annotations);
        using var ledger = BatchLedger.OpenIfThere(recipe.Runs.BatchLedger);
        var settings = new AnnotationRunSettings
        {
            Concurrency = recipe.Recipe.Teacher.Concurrency,
            RetryFailed = retryFailed,
            Elsewhere = ledger is null ? null : keys => ledger.Find(keys).Keys.ToHashSet(StringComparer.Ordinal),
            Total = rows * teacher.Answers.Count,
        };
        var end = await new AnnotationRun(teacher, store, settings, progress).RunAsync(examples, cancellation).ConfigureAwait(false);
        return end with { Notes = teacher.Notes };
    }
}
