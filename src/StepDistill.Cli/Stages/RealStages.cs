using StepDistill.Annotations;
using StepDistill.Cli.Teachers;
using StepDistill.Runs;
using StepDistill.Training;
using StepDistill.Training.Verification;

namespace StepDistill.Cli.Stages;

/// <summary>The stages as the program uses them.</summary>
internal static class RealStages
{
    /// <summary>Joins the stages. Nothing native is loaded before a stage is used.</summary>
    public static StageSet Create() => new()
    {
        Teacher = TeacherClients.OpenAsync,
        Train = TrainAsync,
        Student = (folder, settings) => TorchStudent.Open(folder, settings),
        Verify = StudentVerification.Run,
        Input = Console.In,
    };

    private static async Task<RunManifest> TrainAsync(
        OpenedRecipe recipe, Action<RunEvent> report, Action<string> warn, CancellationToken cancellation)
    {
        var teacher = await TeacherClients.OpenAsync(recipe.Recipe, recipe.Task, cancellation);
        using var disposable = teacher as IDisposable;
        using var store = SqliteAnnotationStore.Open(recipe.Runs.Annotations);
        return await new TrainingRun
        {
            Recipe = recipe.Recipe,
            Task = recipe.Task,
            Splits = recipe.Splits,
            Folder = recipe.Runs,
            Teacher = teacher,
            Store = store,
            FindStudent = (name, _) => Directory.Exists(name)
                ? Task.FromResult(name)
                : throw new StepDistillException($"student.from is '{name}', which is no folder. Give a folder in Hugging Face's layout."),
            Report = report,
            Warn = warn,
        }.RunAsync(cancellation);
    }
}
