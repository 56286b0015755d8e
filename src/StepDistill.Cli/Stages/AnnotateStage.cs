using System.Runtime.CompilerServices;
using StepDistill.Annotations;
using StepDistill.Tasks;
using StepDistill.Teachers;
using StepDistill.Teachers.BatchJobs;

namespace StepDistill.Cli.Stages;

/// <summary>How many of some rows are annotated.</summary>
/// <param name="Split">Which rows.</param>
/// <param name="Rows">How many there are.</param>
/// <param name="Annotated">Those with at least one answer, readable or not.</param>
/// <param name="Stored">Questions that are answered, readably or not: one a row, or as many as the teacher gives answers.</param>
/// <param name="ToAsk">Questions that are still to be asked.</param>
/// <param name="Failed">Of the stored ones, those to which no reply came and that are in no batch.</param>
/// <param name="Batched">Questions that are in open batches, or whose answers have arrived from one and are still to be stored.</param>
internal sealed record AnnotationNeed(string Split, long Rows, long Annotated, long Stored, long ToAsk, long Failed, long Batched);

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
        OpenedRecipe recipe, IReadOnlyList<TaskSplit> splits, CancellationToken cancellation)
    {
        var teacher = await teachers(recipe.Recipe, recipe.Task, cancellation).ConfigureAwait(false);
        using var disposable = teacher as IDisposable;
        using var store = SqliteAnnotationStore.Open(recipe.Runs.Annotations);
        using var ledger = BatchLedger.OpenIfThere(recipe.Runs.BatchLedger);
        var needs = new List<AnnotationNeed>();
        foreach (var split in splits)
        {
            var (rows, annotated, stored, ask, failed, batched) = (0L, 0L, 0L, 0L, 0L, 0L);
            await foreach (var row in
                AnnotatedExample.ReadAsync(split.Read(cancellation), teacher, store, cancellation).ConfigureAwait(false))
            {
                rows++;
                var answers = row.Answers.OfType<Annotation>().DistinctBy(answer => answer.Key).ToList();
                annotated += answers.Count > 0 ? 1 : 0;
                stored += answers.Count;
                List<string> failures = [.. answers.Where(answer => answer.Status == AnnotationStatus.Failed).Select(answer => answer.Key)];
                List<string> unanswered = [.. row.Answers.Zip(teacher.Answers)
                    .Where(one => one.First is null && one.Second.CanAnswer(row.Example))
                    .Select(one => one.Second.KeyOf(row.Example))
                    .Distinct()];
                var elsewhere = ledger?.Find([.. failures, .. unanswered]).Keys.ToHashSet() ?? [];
                failed += failures.Count(key => !elsewhere.Contains(key));
                ask += unanswered.Count(key => !elsewhere.Contains(key));
                batched += elsewhere.Count;
            }

            needs.Add(new(split.Name, rows, annotated, stored, ask, failed, batched));
        }

        return needs;
    }

    /// <summary>Counts what the annotations of a split are like, by each of the teacher's answers.</summary>
    public async Task<IReadOnlyList<AnnotationStatistics>> StatisticsAsync(
        OpenedRecipe recipe, TaskSplit split, CancellationToken cancellation)
    {
        var teacher = await teachers(recipe.Recipe, recipe.Task, cancellation).ConfigureAwait(false);
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

    /// <summary>Streams a split's rows, each with its annotations.</summary>
    public async IAsyncEnumerable<AnnotatedExample> ReadAsync(
        OpenedRecipe recipe, TaskSplit split, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var teacher = await teachers(recipe.Recipe, recipe.Task, cancellation).ConfigureAwait(false);
        using var disposable = teacher as IDisposable;
        using var store = SqliteAnnotationStore.Open(recipe.Runs.Annotations);
        await foreach (var row in
            AnnotatedExample.ReadAsync(split.Read(cancellation), teacher, store, cancellation).ConfigureAwait(false))
        {
            yield return row;
        }
    }

    /// <summary>Asks about every row that is not stored.</summary>
    /// <param name="recipe">The recipe.</param>
    /// <param name="splits">Which rows.</param>
    /// <param name="rows">How many there are, for the time left.</param>
    /// <param name="retryFailed">Whether to ask again where no reply came.</param>
    /// <param name="progress">Told how far it is.</param>
    /// <param name="cancellation">Asks no more; what is under way is waited for and stored.</param>
    public async Task<AnnotationProgress> RunAsync(
        OpenedRecipe recipe,
        IReadOnlyList<TaskSplit> splits,
        long rows,
        bool retryFailed,
        IProgress<AnnotationProgress> progress,
        CancellationToken cancellation)
    {
        var teacher = await teachers(recipe.Recipe, recipe.Task, cancellation).ConfigureAwait(false);
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
        return await new AnnotationRun(teacher, store, settings, progress)
            .RunAsync(splits.ToAsyncEnumerable().SelectMany(split => split.Read(cancellation)), cancellation)
            .ConfigureAwait(false);
    }
}
