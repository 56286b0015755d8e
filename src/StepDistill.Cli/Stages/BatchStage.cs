using StepDistill.Annotations;
using StepDistill.Cli.Teachers;
using StepDistill.Recipes;
using StepDistill.Runs;
using StepDistill.Tasks;
using StepDistill.Teachers;
using StepDistill.Teachers.BatchJobs;

namespace StepDistill.Cli.Stages;

/// <summary>Annotates a recipe's rows in batches: joins rows, teacher, store, ledger and service.</summary>
/// <param name="stages">What makes teachers and opens services.</param>
internal sealed class BatchStage(StageSet stages)
{
    /// <summary>Collects what is answered and submits what is to ask.</summary>
    /// <param name="recipe">The recipe.</param>
    /// <param name="splits">Which rows.</param>
    /// <param name="retryFailed">Whether to ask again where no reply came.</param>
    /// <param name="wait">Whether to go on until nothing is open.</param>
    /// <param name="progress">Told how far it is.</param>
    /// <param name="cancellation">Stops; batches go on at the service.</param>
    /// <exception cref="StepDistillException">
    /// The teacher has no batch interface, another process works on the batches, or the service refuses.
    /// </exception>
    public async Task<BatchProgress> RunAsync(
        OpenedRecipe recipe, IReadOnlyList<TaskSplit> splits, bool retryFailed, bool wait,
        IProgress<BatchProgress> progress, CancellationToken cancellation)
    {
        var section = recipe.Recipe.Teacher;
        using var service = stages.Batches(section);
        var teacher = await stages.Teacher(recipe.Recipe, recipe.Task, maxCost: null, cancellation);
        using var disposable = teacher as IDisposable;
        if (teacher is not ChatTeacher chat)
        {
            throw new StepDistillException($"The teacher '{teacher.Name}' is no chat model, so nothing can be put into batches. Leave out --batch.");
        }

        // One process at a time: two would put the same questions into two batches.
        using var mine = RunLock.Take(recipe.Runs.Batches);
        using var store = SqliteAnnotationStore.Open(recipe.Runs.Annotations);
        using var ledger = BatchLedger.Open(recipe.Runs.BatchLedger);
        var run = new BatchRun(
            chat, store, ledger, service, SettingsOf(recipe, section, retryFailed, wait), TeacherClients.Explain, progress, stages.Clock);
        return await run.RunAsync(
            () => splits.ToAsyncEnumerable().SelectMany(split => split.Read(cancellation)), cancellation);
    }

    private static BatchRunSettings SettingsOf(OpenedRecipe recipe, TeacherSection section, bool retryFailed, bool wait) => new()
    {
        Server = section.Endpoint ?? section.Provider,
        InputPath = recipe.Runs.BatchInput,
        Limits = new BatchLimits
        {
            Requests = section.BatchRequests,
            Bytes = section.BatchMegabytes * 1_000_000L,
            EnqueuedTokens = section.EnqueuedTokens,
        },
        RetryFailed = retryFailed,
        Wait = wait,
    };
}
