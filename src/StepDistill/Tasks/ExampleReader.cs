using System.Globalization;
using System.Runtime.CompilerServices;
using StepDistill.Files;

namespace StepDistill.Tasks;

/// <summary>Reads a task's examples from a file: .jsonl, .csv (either also as .gz) or .parquet.</summary>
/// <remarks>
/// Rows are streamed; what stays in memory is 16 bytes for each id, to find those given twice. The columns are
/// <c>id</c>, the task's label column, the input template's columns or <c>input</c>, <c>choices</c>, and of a recorded
/// answer <c>teacher.completion</c> (in JSON also the object <c>teacher</c>), <c>teacher.model</c>, <c>rationale</c>
/// and <c>teacher_label</c>. Their case does not matter.
/// </remarks>
public static class ExampleReader
{
    private static readonly string[] RecordedColumns =
        ["teacher", "teacher.completion", "teacher.model", "rationale", "teacher_label"];

    /// <summary>Streams a file's examples in its order.</summary>
    /// <param name="task">The task that the rows belong to.</param>
    /// <param name="path">The file.</param>
    /// <param name="cancellation">Stops the stream.</param>
    /// <exception cref="StepDistillException">
    /// The file cannot be read, or rows in it are faulty: up to ten are named with line (row in Parquet files) and
    /// reason. No example is given out after the first faulty row.
    /// </exception>
    public static async IAsyncEnumerable<Example> ReadAsync(
        TaskSpec task, string path, [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        var faults = new RowFaults(path, DataFile.Unit(path));
        var rows = new RowReader(task);
        var any = false;
        await foreach (var row in DataFile.ReadAsync(path, faults, cancellation).ConfigureAwait(false))
        {
            any = true;
            Example? example = null;
            try
            {
                example = rows.Read(row.Columns);
            }
            catch (FormatException e)
            {
                faults.Add(row.Number, e.Message + ".");
            }

            if (example is not null && !faults.Any)
            {
                yield return example;
            }
        }

        faults.ThrowIfAny();
        if (!any)
        {
            throw faults.Fatal(null, "the file holds no row.");
        }
    }

    /// <summary>Turns the rows of one file into examples; a fault is a <see cref="FormatException"/>.</summary>
    private sealed class RowReader(TaskSpec task)
    {
        private readonly InputTemplate? template = task.InputTemplate is { } text ? new InputTemplate(text) : null;
        private readonly HashSet<UInt128> ids = [];

        public Example Read(IReadOnlyDictionary<string, string?> row)
        {
            var recorded = Recorded(row);
            var choices = task.Answer == AnswerKind.Choice ? Choices.FromColumns(row) : null;
            var input = Input(row, choices ?? [], recorded);
            var example = new Example
            {
                Id = Id(row),
                Input = input,
                Choices = task.Answer == AnswerKind.Choice ? choices ?? Choices.FromInput(input ?? "") : [],
                Columns = row
                    .Where(column => column.Value is not null && !IsAnswer(column.Key))
                    .ToDictionary(column => column.Key, column => column.Value!, StringComparer.OrdinalIgnoreCase),
                Recorded = recorded,
            };
            if (task.Answer == AnswerKind.Choice && input is not null && example.Choices.Count < 2)
            {
                throw new FormatException(
                    "it has no choices; its input must hold lines '(a) …', '(b) …', or a column 'choices' a list");
            }

            return Text(row, task.LabelColumn) is { } label ? example with { Label = Gold(example, label) } : example;
        }

        private bool IsAnswer(string column) =>
            RecordedColumns.Contains(column, StringComparer.OrdinalIgnoreCase)
            || column.Equals(task.LabelColumn, StringComparison.OrdinalIgnoreCase);

        private static RecordedAnswer? Recorded(IReadOnlyDictionary<string, string?> row)
        {
            var answer = new RecordedAnswer(
                Text(row, "teacher.completion"),
                Text(row, "rationale"),
                Text(row, "teacher_label"),
                Text(row, "teacher.model"));
            return answer.Completion is null && answer.Label is null ? null : answer;
        }

        private string? Input(
            IReadOnlyDictionary<string, string?> row, IReadOnlyList<string> choices, RecordedAnswer? recorded)
        {
            if ((template?.Write(row, choices) ?? row.GetValueOrDefault("input")) is { } input)
            {
                return !string.IsNullOrWhiteSpace(input) ? input : throw new FormatException("its input is blank");
            }

            var columns = template?.Columns.Select(column => $"'{column}'").ToList() ?? [];
            var isMissing = columns.Count > 0 ? !columns.TrueForAll(column => row.ContainsKey(column[1..^1])) : recorded is null;
            if (!row.ContainsKey("input") && isMissing)
            {
                throw new FormatException(
                    (columns.Count > 0 ? $"it has neither the column 'input' nor all of {string.Join(", ", columns)}; " : "it has no column 'input'; ")
                    + $"it has {string.Join(", ", row.Keys.Take(20).Select(name => $"'{name}'"))}");
            }

            return recorded is not null
                ? null
                : throw new FormatException(
                    "its input is null and no teacher's answer is recorded, so nothing can be done with it");
        }

        private string Gold(Example example, string label)
        {
            // SNLI's published files number the labels in this order.
            var text = task.Name == "nli" && label is ['0' or '1' or '2'] ? task.Labels[label[0] - '0'] : label;
            if (example.Input is null && task.Answer == AnswerKind.Choice)
            {
                return text.Trim();
            }

            return task.Canonical(example, text) ?? throw new FormatException(
                $"its label '{Shortened(text)}' in the column '{task.LabelColumn}' is not one that the task allows: "
                + task.Answer switch
                {
                    AnswerKind.Label => string.Join(", ", task.Labels),
                    AnswerKind.Choice => string.Join(", ", example.Choices),
                    _ => "an equation or a number",
                });
        }

        private string Id(IReadOnlyDictionary<string, string?> row)
        {
            if (Text(row, "id") is { } given)
            {
                return ids.Add(Key(ContentHash.Of(given)))
                    ? given
                    : throw new FormatException(
                        $"its id '{Shortened(given)}' was already given by an earlier row; ids must be unique");
            }

            // Rows that are the same in every column are told apart by their count: each may bear any of the names.
            var content = row
                .OrderBy(column => column.Key, StringComparer.Ordinal)
                .SelectMany(column => new[] { column.Key, column.Value ?? "" })
                .ToList();
            for (var copy = 0; ; copy++)
            {
                var id = ContentHash.Of([.. content, $"{copy}"]);
                if (ids.Add(Key(id)))
                {
                    return id[..32];
                }
            }
        }

        private static UInt128 Key(string hash) =>
            UInt128.Parse(hash.AsSpan(0, 32), NumberStyles.HexNumber, CultureInfo.InvariantCulture);

        /// <summary>A column's text; null where it is missing, null or blank.</summary>
        private static string? Text(IReadOnlyDictionary<string, string?> row, string column) =>
            row.GetValueOrDefault(column) is { } text && !string.IsNullOrWhiteSpace(text) ? text : null;

        private static string Shortened(string text) => text.Length <= 80 ? text : text[..77] + "…";
    }
}
