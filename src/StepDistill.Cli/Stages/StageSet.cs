using Microsoft.Extensions.AI;
using StepDistill.Cli.Machine;
using StepDistill.Cli.Rendering;
using StepDistill.Cli.Teachers;
using StepDistill.Hub;
using StepDistill.Inference;
using StepDistill.Recipes;
using StepDistill.Runs;
using StepDistill.Serving;
using StepDistill.Students;
using StepDistill.Tasks;
using StepDistill.Teachers;
using StepDistill.Teachers.BatchJobs;
using StepDistill.Training.Verification;

namespace StepDistill.Cli.Stages;

/// <summary>Makes the teacher that a recipe names. Nobody is asked yet.</summary>
/// <param name="recipe">The recipe.</param>
/// <param name="task">What a label is.</param>
/// <param name="maxCost">Dollars that its questions may cost in all; null for no such limit.</param>
/// <param name="cancellation">Stops the reading of recorded answers and demonstrations.</param>
internal delegate Task<ITeacher> TeacherStage(Recipe recipe, TaskSpec task, decimal? maxCost, CancellationToken cancellation);

/// <summary>Trains the run that a recipe describes, or goes on with it; returns at once where it is finished.</summary>
/// <param name="recipe">The recipe, with what it names.</param>
/// <param name="progress">Told how far it is: bytes of a student that is fetched first, then steps.</param>
/// <param name="warn">Told in a sentence what no event says.</param>
/// <param name="cancellation">Stops after the step under way and leaves a checkpoint.</param>
internal delegate Task<RunManifest> TrainStage(
    OpenedRecipe recipe, IProgress<Progress> progress, Action<string> warn, CancellationToken cancellation);

/// <summary>Loads a student.</summary>
/// <param name="folder">The student's folder.</param>
/// <param name="settings">How it answers: rows at a time, tokens, beams.</param>
internal delegate IStudent StudentStage(string folder, EvaluationSection settings);

/// <summary>Compares what a student computes with reference numbers.</summary>
/// <param name="student">The student's folder, or a file of weights beside its configuration.</param>
/// <param name="reference">The folder of the reference.</param>
/// <param name="cancellation">Stops between parts.</param>
internal delegate StudentVerification VerifyStage(string student, string reference, CancellationToken cancellation);

/// <summary>Loads an exported student, which answers with calibrated confidence.</summary>
/// <param name="folder">The student's folder.</param>
internal delegate IStudentClassifier ClassifierStage(string folder);

/// <summary>Gathers what student and teacher made of rows, for setting a cascade.</summary>
/// <param name="recipe">The recipe.</param>
/// <param name="run">The run whose student it is.</param>
/// <param name="split">The rows.</param>
/// <param name="progress">Told how far it is.</param>
/// <param name="cancellation">Stops between batches.</param>
internal delegate Task<CascadeRows> CascadeRowsStage(
    OpenedRecipe recipe, RunFolder run, TaskSplit split, IProgress<Progress> progress, CancellationToken cancellation);

/// <summary>Publishes a student on a hub.</summary>
/// <param name="folder">The student's folder.</param>
/// <param name="name">Where to.</param>
/// <param name="settings">How.</param>
/// <param name="progress">Told how many bytes of a file are on their way.</param>
/// <param name="cancellation">Stops; what was sent stays, for the next time.</param>
internal delegate Task<HubPushed> PushStage(
    string folder, HubName name, HubPushSettings settings, IProgress<Progress> progress, CancellationToken cancellation);

/// <summary>Brings a student from a hub into a folder.</summary>
/// <param name="name">Its name.</param>
/// <param name="folder">Where it shall be.</param>
/// <param name="progress">Told how many bytes of a file have come.</param>
/// <param name="cancellation">Stops; what has come stays, for the next time.</param>
internal delegate Task<HubPulled> PullStage(HubName name, string folder, IProgress<Progress> progress, CancellationToken cancellation);

/// <summary>Opens a student for serving: again for each change, so that it may have been written anew.</summary>
/// <param name="folder">The student's folder.</param>
/// <param name="threads">Processors to compute with; null for all of them.</param>
internal delegate IStudentClassifier ServedStage(string folder, int? threads);

/// <summary>What the verbs stand on. Tests put fakes here; the program puts <see cref="RealStages"/>.</summary>
internal sealed record StageSet
{
    /// <summary>Makes teachers.</summary>
    public required TeacherStage Teacher { get; init; }

    /// <summary>Trains.</summary>
    public required TrainStage Train { get; init; }

    /// <summary>Trains in a process of its own, for as many processes side by side.</summary>
    public Func<int, TrainStage> TrainApart { get; init; } = processes => new TrainProcess(processes).RunAsync;

    /// <summary>Loads students.</summary>
    public required StudentStage Student { get; init; }

    /// <summary>Gathers rows for cascades.</summary>
    public CascadeRowsStage CascadeRows { get; init; } =
        new CascadeStage(TeacherClients.OpenAsync, folder => OnnxStudent.Open(folder)).RowsAsync;

    /// <summary>Compares students with references.</summary>
    public required VerifyStage Verify { get; init; }

    /// <summary>Publishes students.</summary>
    public PushStage Push { get; init; } = HubStage.PushAsync;

    /// <summary>Brings published students.</summary>
    public PullStage Pull { get; init; } = HubStage.PullAsync;

    /// <summary>Asks trained networks, to prove that what was exported is the same.</summary>
    public NetworkStage Network { get; init; } = NetworkAnswers.Of;

    /// <summary>Opens students for serving.</summary>
    public ServedStage OpenServed { get; init; } = (folder, threads) => OnnxStudent.Open(folder, new() { Threads = threads });

    /// <summary>The settings of serving that no word on the command line changes.</summary>
    public Func<ServeSettings> ServeSettings { get; init; } = () => Serving.ServeSettings.FromEnvironment();

    /// <summary>Opens the batch interface that a recipe's teacher is at. Nothing is sent yet.</summary>
    public Func<TeacherSection, IBatchService> Batches { get; init; } = OpenAiBatches.Open;

    /// <summary>Opens the chat model that judges reasons. Nothing is sent yet.</summary>
    public Func<TeacherSection, IChatClient> Judge { get; init; } = TeacherClients.OpenJudge;

    /// <summary>The clock by which batches are waited for.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>Looks at the machine.</summary>
    public Func<IEnumerable<Finding>> Machine { get; init; } = MachineChecks.All;

    /// <summary>Lines typed or piped in.</summary>
    public TextReader Input { get; init; } = TextReader.Null;
}
