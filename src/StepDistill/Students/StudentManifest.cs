using StepDistill.Tasks;

namespace StepDistill.Students;

/// <summary>What a student is and where it comes from: <c>stepdistill.json</c>, written last, so that its presence means "complete".</summary>
public sealed record StudentManifest
{
    /// <summary>The version of this file's form that this program writes, and the highest that it reads.</summary>
    public const int CurrentFormat = 1;

    /// <summary>Version of this file's form.</summary>
    public int Format { get; init; } = CurrentFormat;

    /// <summary>The student's name: the recipe's.</summary>
    public required string Name { get; init; }

    /// <summary>What it was trained for.</summary>
    public required StudentTask Task { get; init; }

    /// <summary>How it was trained: one of <see cref="Recipes.Arms"/>.</summary>
    public required string Arm { get; init; }

    /// <summary>What is put before an input to get a label; empty where the arm marks nothing.</summary>
    public string LabelPrefix { get; init; } = "";

    /// <summary>What is put before an input to get a rationale; null where the student was not trained to give one.</summary>
    public string? RationalePrefix { get; init; }

    /// <summary>The id from which the decoder starts a rationale; null for the configuration's start id, from which it always starts a label.</summary>
    public int? RationaleStart { get; init; }

    /// <summary>Tokens at which an input was cut while training, and is cut when asked.</summary>
    public required int MaxInputTokens { get; init; }

    /// <summary>What the student was made from.</summary>
    public required StudentLineage Lineage { get; init; }

    /// <summary>What it reached, by name, such as <c>validation.accuracy</c>: shares from 0 to 1.</summary>
    public IReadOnlyDictionary<string, double> Scores { get; init; } = new Dictionary<string, double>();

    /// <summary>What it was exported to; null where it was not.</summary>
    public StudentExport? Export { get; init; }

    /// <summary>SHA-256 of every other file of the folder, by its path in it with <c>/</c>; filled in by <see cref="StudentFolder.Seal"/>.</summary>
    public IReadOnlyDictionary<string, string> Files { get; init; } = new Dictionary<string, string>();
}

/// <summary>The part of a task that a student needs to be asked and understood.</summary>
/// <param name="Name">The task's name.</param>
/// <param name="Answer">What a label is.</param>
/// <param name="Labels">The closed set of labels, where there is one; otherwise empty.</param>
/// <param name="InputTemplate">How an input is written from columns; null where rows bring it written.</param>
public sealed record StudentTask(string Name, AnswerKind Answer, IReadOnlyList<string> Labels, string? InputTemplate = null)
{
    /// <summary>Takes what matters from a task.</summary>
    /// <param name="task">The task.</param>
    public static StudentTask Of(TaskSpec task) => new(task.Name, task.Answer, task.Labels, task.InputTemplate);
}

/// <summary>The ONNX files of a student.</summary>
/// <param name="Precisions">In which numbers there are files, such as <c>float32</c> and <c>int8</c>.</param>
/// <param name="Chosen">Which of them, or which two with a plus between for encoder and decoder, programs take that were not told.</param>
public sealed record StudentExport(IReadOnlyList<string> Precisions, string Chosen);

/// <summary>What a student was made from, so that it can be made again.</summary>
public sealed record StudentLineage
{
    /// <summary>SHA-256 of everything in the recipe and the data that decides the outcome: <see cref="Runs.RunIdentity.Hash"/>.</summary>
    public required string Recipe { get; init; }

    /// <summary>SHA-256 of the files that training read, by name.</summary>
    public IReadOnlyDictionary<string, string> Data { get; init; } = new SortedDictionary<string, string>();

    /// <summary>Published weights that training began with, as the recipe names them; null for random ones.</summary>
    public string? From { get; init; }

    /// <summary>Who gave labels and rationales; null where the arm uses none.</summary>
    public string? Teacher { get; init; }

    /// <summary>How many annotations of each status the teacher gave; empty where the arm uses none.</summary>
    public IReadOnlyDictionary<string, long> Annotations { get; init; } = new Dictionary<string, long>();

    /// <summary>Examples that the student learnt from.</summary>
    public required long Examples { get; init; }

    /// <summary>Updates of the weights up to those that were kept.</summary>
    public required long Steps { get; init; }

    /// <summary>The seed of every random choice.</summary>
    public required int Seed { get; init; }

    /// <summary>Versions of the programs that made it, by name: <see cref="Runs.RunManifest.CurrentVersions"/> and what was loaded.</summary>
    public IReadOnlyDictionary<string, string> Versions { get; init; } = new SortedDictionary<string, string>();
}
