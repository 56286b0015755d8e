using System.Text.Json;
using System.Text.Json.Serialization;
using StepDistill.Evaluation.Statistics;
using StepDistill.Files;
using StepDistill.Runs;
using StepDistill.Tasks;

namespace StepDistill.Evaluation;

/// <summary>How one student, or the teacher, answered one set of rows.</summary>
public sealed record EvaluationReport
{
    private const string ReportFile = "report.json";
    private const string RowsFile = "predictions.jsonl";

    /// <summary>Version of this record's form on the disk.</summary>
    public int Format { get; init; } = 1;

    /// <summary>Who answered: a run's name, or the teacher's.</summary>
    public required string Subject { get; init; }

    /// <summary>The task's name.</summary>
    public required string Task { get; init; }

    /// <summary>Which rows, such as <c>validation</c> or <c>test</c>.</summary>
    public required string Split { get; init; }

    /// <summary>SHA-256 over id, input and gold label of the rows that count: equal hashes are equal rows.</summary>
    public required string RowsHash { get; init; }

    /// <summary>Rows that count: those with an input and a gold label.</summary>
    public required int Rows { get; init; }

    /// <summary>Rows answered right.</summary>
    public required int Correct { get; init; }

    /// <summary>Rows whose answer is no label that the task allows; they count as wrong.</summary>
    public required int Unreadable { get; init; }

    /// <summary>Rows that do not count: without an input, a gold label or, for a teacher, a question asked.</summary>
    public required int Skipped { get; init; }

    /// <summary>
    /// What is right without reading the input: the share of the commonest gold label or, if that is higher, the chance
    /// of guessing among each row's choices.
    /// </summary>
    public required double Baseline { get; init; }

    /// <summary>
    /// For tasks with a closed set of labels, the mean over labels of each label's F1; otherwise null.
    /// </summary>
    public double? MacroF1 { get; init; }

    /// <summary>For tasks with a closed set of labels, that set; otherwise null.</summary>
    public IReadOnlyList<string>? Labels { get; init; }

    /// <summary>
    /// For tasks with a closed set of labels, rows by gold label (down) and answer (across) in the order of
    /// <see cref="Labels"/>, with a last column for unreadable answers; otherwise null.
    /// </summary>
    public IReadOnlyList<IReadOnlyList<int>>? Confusion { get; init; }

    /// <summary>
    /// Mean ROUGE-L of the rationales with the reference ones, over <see cref="RationaleRows"/>; null where none were
    /// compared.
    /// </summary>
    public double? RationaleOverlap { get; init; }

    /// <summary>Rows whose rationale had a reference to compare with.</summary>
    public int RationaleRows { get; init; }

    /// <summary>Seconds that answering took; null where nobody measured.</summary>
    public double? Seconds { get; init; }

    /// <summary>Share of rows answered right, from 0 to 1; 0 where there are none.</summary>
    public double Accuracy => Rows == 0 ? 0 : (double)Correct / Rows;

    /// <summary>Wilson's 95 % interval for the accuracy: what other rows of the same kind might have shown.</summary>
    public ConfidenceInterval Interval => ConfidenceInterval.Wilson(Correct, Rows);

    /// <summary>Every answer, in the order of the rows. Kept in a file of its own.</summary>
    [JsonIgnore]
    public IReadOnlyList<ScoredRow> Predictions { get; init; } = [];

    /// <summary>
    /// The numbers by name, for logs: <c>accuracy</c>, <c>unreadable</c> (a share), and what else the task has.
    /// </summary>
    [JsonIgnore]
    public IReadOnlyDictionary<string, double> Metrics
    {
        get
        {
            var metrics = new SortedDictionary<string, double>(StringComparer.Ordinal)
            {
                ["accuracy"] = Accuracy,
                ["unreadable"] = Rows == 0 ? 0 : (double)Unreadable / Rows,
            };
            if (MacroF1 is { } f1)
            {
                metrics["macro_f1"] = f1;
            }

            if (RationaleOverlap is { } overlap)
            {
                metrics["rationale_overlap"] = overlap;
            }

            return metrics;
        }
    }

    /// <summary>Gives the <see cref="RowsHash"/> of rows before anybody has answered them.</summary>
    /// <param name="examples">The rows; those without an input or a gold label do not count.</param>
    public static string HashOf(IEnumerable<Example> examples) => ContentHash.Of(
        from example in examples
        where example is { Input: not null, Label: not null }
        from part in new[] { example.Id, example.Input, example.Label }
        select part);

    /// <summary>Writes <c>predictions.jsonl</c> and then <c>report.json</c>, each whole or not at all.</summary>
    /// <param name="folder">Where to; it is made. Older ones are replaced.</param>
    public void Write(string folder)
    {
        AtomicFile.Write(Path.Combine(folder, RowsFile), stream =>
        {
            using var writer = new StreamWriter(stream, leaveOpen: true) { NewLine = "\n" };
            foreach (var row in Predictions)
            {
                writer.WriteLine(JsonSerializer.Serialize(row, RunJson.Line));
            }
        });
        AtomicFile.WriteText(Path.Combine(folder, ReportFile), JsonSerializer.Serialize(this, RunJson.Page) + "\n");
    }

    /// <summary>Reads what <see cref="Write"/> has written; null where there is no report.</summary>
    /// <param name="folder">The report's folder.</param>
    /// <exception cref="StepDistillException">The files cannot be understood or do not belong together.</exception>
    public static EvaluationReport? Read(string folder)
    {
        var (reportPath, rowsPath) = (Path.Combine(folder, ReportFile), Path.Combine(folder, RowsFile));
        if (!File.Exists(reportPath) || !File.Exists(rowsPath))
        {
            return null;
        }

        try
        {
            var report = JsonSerializer.Deserialize<EvaluationReport>(File.ReadAllText(reportPath), RunJson.Page)
                ?? throw new JsonException("It holds null.");
            report = report with
            {
                Predictions =
                [
                    .. File.ReadLines(rowsPath).Select(line =>
                        JsonSerializer.Deserialize<ScoredRow>(line, RunJson.Line)
                        ?? throw new JsonException("A line is null.")),
                ],
            };
            var right = report.Predictions.Count(row => row.Correct);
            return report.Predictions.Count == report.Rows && right == report.Correct
                ? report
                : throw new JsonException(
                    $"{ReportFile} counts {report.Correct} right of {report.Rows} rows, "
                    + $"{RowsFile} holds {right} of {report.Predictions.Count}.");
        }
        catch (JsonException e)
        {
            throw new StepDistillException(
                $"{folder} holds no evaluation that can be read: {e.Message} Delete the folder and evaluate again.", e);
        }
    }
}
