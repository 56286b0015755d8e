using System.Globalization;
using StepDistill.Tasks;

namespace StepDistill.Teachers;

/// <summary>A file of published or exported answers, matched to rows by id, never by position.</summary>
/// <remarks>
/// Any format that rows can have, with the columns <c>id</c>; <c>teacher.completion</c> or <c>completion</c>, or
/// <c>rationale</c> with <c>teacher_label</c>; and, where known, <c>teacher.model</c> or <c>model</c>. Where a file holds
/// several answers to one row, <c>sample</c> numbers them; their order counts, not gaps. A row may also hold no answer. A column <c>label</c> is never looked at: in most files it is gold. What <c>annotations export</c> writes is
/// such a file. The whole file is held in memory, about one kilobyte a row; answers beside their rows stream instead. Safe
/// for use by several threads at once.
/// </remarks>
public sealed class RecordedAnswers
{
    private readonly Dictionary<string, List<(int Sample, RecordedAnswer Answer)>> _answers = new(StringComparer.Ordinal);

    private RecordedAnswers()
    {
    }

    /// <summary>Rows of the task to which the file holds an answer.</summary>
    public int Count => _answers.Count;

    /// <summary>How many answers to one row the file holds at most.</summary>
    public int Samples => _answers.Values.Max(several => several.Count);

    /// <summary>Reads a file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="cancellation">Stops the reading.</param>
    /// <exception cref="StepDistillException">
    /// The file cannot be read, holds no answer, or rows in it are faulty: without an id, with an id that was given before, or
    /// with a number of the answer that is none.
    /// </exception>
    public static async Task<RecordedAnswers> ReadAsync(string path, CancellationToken cancellation = default)
    {
        var answers = new RecordedAnswers();
        var ids = new Dictionary<(string Id, int Sample), long>();
        var unit = DataFile.Unit(path);
        var faults = new RowFaults(path, unit);
        await foreach (var row in DataFile.ReadAsync(path, faults, cancellation).ConfigureAwait(false))
        {
            if (Text(row, "id") is not { } id)
            {
                faults.Add(row.Number, "it has no 'id'; answers are matched to rows by it.");
            }
            else if (Sample(row) is not { } sample)
            {
                faults.Add(row.Number, $"its 'sample' is '{Text(row, "sample")}'; it must be a whole number from 0.");
            }
            else if (!ids.TryAdd((id, sample), row.Number))
            {
                faults.Add(row.Number,
                    $"its id '{id}' was already given in {unit} {ids[(id, sample)]}; several answers to a row need numbers of their own "
                    + "in a column 'sample', or files of their own in teacher.answers.");
            }
            else if (Answer(row) is { } answer)
            {
                var several = answers._answers.GetValueOrDefault(id) ?? (answers._answers[id] = new(1));
                several.Insert(several.TakeWhile(other => other.Sample < sample).Count(), (sample, answer));
            }
        }

        faults.ThrowIfAny();
        return answers.Count > 0 ? answers : throw faults.Fatal(null,
            "no row holds an answer; the column 'teacher.completion' (or 'completion') must hold a reply, or "
            + "'teacher_label' a label beside its 'rationale'.");
    }

    /// <summary>The answer to a row, or null where the file holds none.</summary>
    /// <param name="id">The row's <see cref="Example.Id"/>.</param>
    /// <param name="number">Which of several answers, from 0, in the order of their <c>sample</c>.</param>
    public RecordedAnswer? Find(string id, int number = 0) =>
        _answers.GetValueOrDefault(id) is { } several && number < several.Count ? several[number].Answer : null;

    private static int? Sample(DataRow row) =>
        Text(row, "sample") is not { } text ? 0
        : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number
        : null;

    private static RecordedAnswer? Answer(DataRow row)
    {
        var answer = new RecordedAnswer(
            Text(row, "teacher.completion") ?? Text(row, "completion"),
            Text(row, "rationale"),
            Text(row, "teacher_label"),
            Text(row, "teacher.model") ?? Text(row, "model"));
        return answer.Completion is null && answer.Label is null ? null : answer;
    }

    private static string? Text(DataRow row, string column) =>
        row.Columns.GetValueOrDefault(column) is { } text && !string.IsNullOrWhiteSpace(text) ? text : null;
}
