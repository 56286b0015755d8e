using StepDistill.Annotations;
using StepDistill.Recipes;
using StepDistill.Runs;
using StepDistill.Tasks;
using StepDistill.Teachers;

namespace StepDistill.Training.Tests;

/// <summary>A recipe with a store and a folder of runs of its own, as the command line sets them up.</summary>
internal sealed class Workshop : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("stepdistill-");

    /// <param name="recipe">The recipe.</param>
    /// <param name="teacher">Whose answers; those beside the rows where missing.</param>
    public Workshop(Recipe recipe, ITeacher? teacher = null)
    {
        Recipe = recipe;
        Task = TaskSpec.From(recipe.Task);
        Splits = TaskSplits.Open(Task, recipe.Task, _folder.FullName);
        Teacher = teacher ?? new RecordedTeacher(Task, recipe.Teacher.Format ?? Task.ReplyFormat);
        Folder = new RecipeFolder(_folder.FullName, recipe.Name);
        Store = SqliteAnnotationStore.Open(Folder.Annotations);
    }

    public Recipe Recipe { get; }

    public TaskSpec Task { get; }

    public TaskSplits Splits { get; }

    public ITeacher Teacher { get; }

    public IAnnotationStore Store { get; }

    public RecipeFolder Folder { get; }

    public List<RunEvent> Events { get; } = [];

    public List<string> Warnings { get; } = [];

    /// <summary>Bytes that a training may take.</summary>
    public long AvailableMemory { get; set; } = 64L << 30;

    public async Task AnnotateAsync() => await new AnnotationRun(Teacher, Store)
        .RunAsync(Splits.Train.Read(TestContext.Current.CancellationToken), TestContext.Current.CancellationToken);

    /// <summary>Trains with the recipe, or with another of the same name.</summary>
    public async Task<RunManifest> TrainAsync(
        Recipe? recipe = null, Action<RunEvent>? report = null, CancellationToken cancellation = default) => await new TrainingRun
    {
        Recipe = recipe ?? Recipe,
        Task = Task,
        Splits = Splits,
        Folder = Folder,
        Teacher = Teacher,
        Store = Store,
        FindStudent = (name, _) => System.Threading.Tasks.Task.FromResult(name),
        Report = report ?? Events.Add,
        Warn = Warnings.Add,
        AvailableMemory = () => AvailableMemory,
    }.RunAsync(cancellation);

    public void Dispose()
    {
        Store.Dispose();
        _folder.Delete(recursive: true);
    }
}
