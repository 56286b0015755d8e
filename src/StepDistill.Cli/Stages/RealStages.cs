using StepDistill.Annotations;
using StepDistill.Cli.Rendering;
using StepDistill.Cli.Teachers;
using StepDistill.Hub;
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
        OpenedRecipe recipe, IProgress<Progress> progress, Action<string> warn, CancellationToken cancellation)
    {
        using var hub = new HubClient(HubSettings.FromEnvironment());
        var teacher = await TeacherClients.OpenAsync(recipe.Recipe, recipe.Task, maxCost: null, cancellation);
        using var disposable = teacher as IDisposable;
        using var store = SqliteAnnotationStore.Open(recipe.Runs.Annotations);
        return await new TrainingRun
        {
            Recipe = recipe.Recipe,
            Task = recipe.Task,
            Splits = recipe.Splits,
            Folder = recipe.Runs,
            Variant = recipe.Variant,
            Teacher = teacher,
            Store = store,
            FindStudent = (name, stop) => hub.LocateAsync(name, HubStage.Shown(progress), stop),
            Report = new RunProgress(recipe.Recipe.Training.MaxSteps, progress).Report,
            Warn = warn,
        }.RunAsync(cancellation);
    }
}
