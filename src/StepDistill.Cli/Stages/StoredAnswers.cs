using StepDistill.Annotations;
using StepDistill.Tasks;

namespace StepDistill.Cli.Stages;

/// <summary>What a recipe's teacher has said about rows, by what is stored; nobody is asked.</summary>
/// <param name="Teacher">The teacher's name.</param>
/// <param name="Examples">The rows.</param>
/// <param name="ById">Its answers; a row about which it was never asked has none.</param>
internal sealed record StoredAnswers(string Teacher, IReadOnlyList<Example> Examples, IReadOnlyDictionary<string, Annotation> ById)
{
    /// <summary>Reads them; null where the recipe has no store.</summary>
    /// <param name="teachers">Makes teachers.</param>
    /// <param name="recipe">The recipe.</param>
    /// <param name="split">The rows.</param>
    /// <param name="cancellation">Stops the reading.</param>
    public static async Task<StoredAnswers?> ReadAsync(
        TeacherStage teachers, OpenedRecipe recipe, TaskSplit split, CancellationToken cancellation)
    {
        if (!File.Exists(recipe.Runs.Annotations))
        {
            return null;
        }

        var teacher = await teachers(recipe.Recipe, recipe.Task, maxCost: null, cancellation).ConfigureAwait(false);
        using var disposable = teacher as IDisposable;
        using var store = SqliteAnnotationStore.Open(recipe.Runs.Annotations);
        var examples = new List<Example>();
        var annotations = new Dictionary<string, Annotation>();
        await foreach (var (example, stored) in
            AnnotatedExample.ReadAsync(split.Read(cancellation), teacher, store, cancellation).ConfigureAwait(false))
        {
            examples.Add(example);
            // A recorded teacher that has no answer to a row was never asked about it.
            if (stored is not null && !(stored.Status == AnnotationStatus.Failed && example.Recorded is null))
            {
                annotations[example.Id] = stored;
            }
        }

        return new(teacher.Name, examples, annotations);
    }
}
