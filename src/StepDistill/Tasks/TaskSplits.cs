using System.Runtime.CompilerServices;
using System.Text.Json;
using StepDistill.Files;
using StepDistill.Recipes;

namespace StepDistill.Tasks;

/// <summary>A task's training, validation and test rows, and where they come from.</summary>
/// <remarks>
/// Validation rows are those of <c>task.validation</c>; else the training rows that <c>task.validation_rows</c>
/// numbers; else the share <c>task.validation_share</c> of the training rows, chosen by hash of the id so that a row
/// stays where it is when others come and go. No training row is a validation row.
/// </remarks>
public sealed class TaskSplits
{
    /// <summary>The longest file of row numbers that is read, in bytes.</summary>
    private const long MaxRowNumbersFile = 256L * 1024 * 1024;

    private TaskSplits(TaskSplit train, TaskSplit? validation, TaskSplit? test) =>
        (Train, Validation, Test) = (train, validation, test);

    /// <summary>The training rows, without the validation rows.</summary>
    public TaskSplit Train { get; }

    /// <summary>The validation rows; null where the recipe asks for none.</summary>
    public TaskSplit? Validation { get; }

    /// <summary>The test rows; null where the recipe names none.</summary>
    public TaskSplit? Test { get; }

    /// <summary>Those of the three that there are, in the order train, validation, test.</summary>
    public IEnumerable<TaskSplit> All => new[] { Train, Validation, Test }.OfType<TaskSplit>();

    /// <summary>The same validation and test rows with only some of the training rows.</summary>
    /// <param name="ids">The training rows to keep.</param>
    public TaskSplits Only(IReadOnlySet<string> ids) => new(
        Train with { Read = stop => Train.Read(stop).Where(example => ids.Contains(example.Id)) }, Validation, Test);

    /// <summary>Finds a task's rows. Files are checked to exist; rows are read later.</summary>
    /// <param name="task">What the rows are.</param>
    /// <param name="section">The recipe's section <c>task</c>.</param>
    /// <param name="recipeFolder">Where relative paths start: the recipe's folder.</param>
    /// <exception cref="StepDistillException">A file is missing, or the row numbers cannot be read.</exception>
    public static TaskSplits Open(TaskSpec task, TaskSection section, string recipeFolder)
    {
        var train = FileOf(section.Train, "task.train")
            ?? throw new StepDistillException("task.train is missing; it must name the file of training rows.");
        var test = FileOf(section.Test, "task.test") is { } file ? Whole("test", file) : null;

        if (FileOf(section.Validation, "task.validation") is { } validation)
        {
            return new TaskSplits(Whole("train", train), Whole("validation", validation), test);
        }

        if (section.ValidationRows is { } reference)
        {
            var (numbers, from) = RowNumbers(reference, recipeFolder);
            return new TaskSplits(
                new TaskSplit("train", $"{train}, but the rows of {from}", stop => Numbered(chosen: false, stop)),
                new TaskSplit("validation", $"{train}, the rows of {from}", stop => Numbered(chosen: true, stop)),
                test);

            IAsyncEnumerable<Example> Numbered(bool chosen, CancellationToken stop) =>
                ByNumber(task, train, numbers, from, chosen, stop);
        }

        if (section.ValidationShare == 0)
        {
            return new TaskSplits(Whole("train", train), null, test);
        }

        var share = section.ValidationShare;
        return new TaskSplits(
            new TaskSplit("train", $"{train}, {1 - share:P1} by hash of the id", stop => Shared(chosen: false, stop)),
            new TaskSplit("validation", $"{train}, {share:P1} by hash of the id", stop => Shared(chosen: true, stop)),
            test);

        IAsyncEnumerable<Example> Shared(bool chosen, CancellationToken stop) =>
            ByShare(task, train, share, chosen, stop);

        TaskSplit Whole(string name, string path) => new(name, path, stop => ExampleReader.ReadAsync(task, path, stop));

        string? FileOf(string? path, string key)
        {
            if (path is null)
            {
                return null;
            }

            var full = Path.GetFullPath(Path.Combine(recipeFolder, path));
            return File.Exists(full) ? full : throw new StepDistillException(
                $"{key} names {full}, which does not exist. Relative paths start at the recipe's folder, "
                + $"{Path.GetFullPath(recipeFolder)}.");
        }
    }

    /// <summary>Whether a training row belongs to a share of them; smaller shares lie inside larger ones.</summary>
    /// <param name="id">The row's id.</param>
    /// <param name="fraction">
    /// The share, above 0 and at most 1. Membership depends on id and share alone, not on a seed.
    /// </param>
    public static bool InFraction(string id, double fraction) =>
        fraction >= 1 || ContentHash.Share("training fraction", id) < fraction;

    /// <summary>Keeps the share of training rows that <see cref="InFraction"/> chooses.</summary>
    /// <param name="examples">The training rows.</param>
    /// <param name="fraction">The share, above 0 and at most 1.</param>
    public static IAsyncEnumerable<Example> Fraction(IAsyncEnumerable<Example> examples, double fraction) =>
        examples.Where(example => InFraction(example.Id, fraction));

    private static IAsyncEnumerable<Example> ByShare(
        TaskSpec task, string path, double share, bool chosen, CancellationToken cancellation) =>
        ExampleReader.ReadAsync(task, path, cancellation)
            .Where(example => (ContentHash.Share("validation", example.Id) < share) == chosen);

    private static async IAsyncEnumerable<Example> ByNumber(
        TaskSpec task,
        string path,
        HashSet<long> numbers,
        string from,
        bool chosen,
        [EnumeratorCancellation] CancellationToken cancellation)
    {
        var number = 0L;
        await foreach (var example in ExampleReader.ReadAsync(task, path, cancellation).ConfigureAwait(false))
        {
            if (numbers.Contains(number++) == chosen)
            {
                yield return example;
            }
        }

        if (numbers.Max() is var last && last >= number)
        {
            throw new StepDistillException(
                $"{from} numbers the row {last}, but {path} has {number} rows, numbered from 0. "
                + "Do the two belong together?");
        }
    }

    private static (HashSet<long> Numbers, string From) RowNumbers(string reference, string recipeFolder)
    {
        var (file, keys) = reference.Split('#', 2) is [var before, var after] ? (before, after) : (reference, "");
        var path = Path.GetFullPath(Path.Combine(recipeFolder, file));
        var from = keys.Length > 0 ? $"{path}#{keys}" : path;
        const string Expected = "a JSON list of row numbers from 0, each once";
        try
        {
            if (new FileInfo(path).Length > MaxRowNumbersFile)
            {
                throw Fault($"is larger than {MaxRowNumbersFile / (1024 * 1024)} MiB");
            }

            using var document = JsonDocument.Parse(File.ReadAllBytes(path));
            var list = document.RootElement;
            foreach (var key in keys.Split('.', StringSplitOptions.RemoveEmptyEntries))
            {
                list = list.ValueKind == JsonValueKind.Object && list.TryGetProperty(key, out var inner)
                    ? inner
                    : throw Fault($"has no key '{key}'");
            }

            var numbers = new HashSet<long>();
            if (list.ValueKind != JsonValueKind.Array || list.GetArrayLength() == 0)
            {
                throw Fault($"is not {Expected}");
            }

            foreach (var item in list.EnumerateArray())
            {
                if (item.ValueKind != JsonValueKind.Number || !item.TryGetInt64(out var number)
                    || number < 0 || !numbers.Add(number))
                {
                    throw Fault($"holds {item.GetRawText()}, so it is not {Expected}");
                }
            }

            return (numbers, from);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            throw new StepDistillException($"task.validation_rows names {from}, which cannot be read: {e.Message}", e);
        }

        StepDistillException Fault(string what) => new($"task.validation_rows names {from}, which {what}.");
    }
}
