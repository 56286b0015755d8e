using System.Globalization;
using System.Runtime.InteropServices;
using StepDistill.Cli.Rendering;
using StepDistill.Evaluation.Statistics;
using StepDistill.Export;
using StepDistill.Files;
using StepDistill.Inference;
using StepDistill.Inference.Confidence;
using StepDistill.Inference.Sessions;
using StepDistill.Students;
using StepDistill.Tasks;
using StepDistill.Training.Verification;

namespace StepDistill.Cli.Stages;

/// <summary>Asks the network that was trained, in float32: see <see cref="NetworkAnswers.Of"/>.</summary>
internal delegate NetworkAnswers NetworkStage(
    string folder, IReadOnlyList<string> inputs, IReadOnlyList<IReadOnlyList<string>> labels, int maxTokens, CancellationToken cancellation);

/// <summary>Exports a student, proves on real rows that the export is the student, and chooses among precisions.</summary>
/// <param name="network">The network that was trained.</param>
/// <param name="clock">By which answers are timed.</param>
internal sealed class ExportStage(NetworkStage network, TimeProvider clock)
{
    /// <summary>Rows on which the network itself is asked too.</summary>
    public const int ParityRows = 500;

    private const string Reference = "float32";
    private const int TimedRows = 200;

    /// <summary>Precisions that are exported where nobody names any.</summary>
    public static IReadOnlyList<string> Usual { get; } = [Reference, "int8", "int8+q8", "int8+q4"];

    /// <summary>Threads of one pass; null for one a core.</summary>
    public int? Threads { get; init; }

    /// <summary>Most tokens of a label, the start mark included.</summary>
    public int MaxTokens { get; init; } = 64;

    /// <summary>Writes the files of some precisions into a student's folder, float32 always among them: the others are judged by it.</summary>
    /// <returns>The files' paths in the folder.</returns>
    public static IReadOnlyList<string> Write(
        string folder, IReadOnlyList<string> precisions, bool split, IProgress<Progress> progress, CancellationToken cancellation)
    {
        var student = StudentFolder.Open(folder);
        var needed = precisions.Prepend(Reference).Select(StudentPrecision.Parse)
            .SelectMany(one => new[] { one.Encoder, one.Decoder }).Distinct().ToList();
        var files = new List<string>();
        foreach (var (name, i) in needed.Select((name, i) => (name, i)))
        {
            progress.Report(new(i, needed.Count, name));
            files.AddRange(StudentExporter.Export(student, Enum.Parse<ExportPrecision>(name, ignoreCase: true), split, cancellation));
        }

        return files;
    }

    /// <summary>Lets the network and every precision answer the rows, and writes down what was seen.</summary>
    /// <param name="folder">The student's folder, exported.</param>
    /// <param name="task">When a label is right; null where nobody knows.</param>
    /// <param name="rows">The rows, at least one, each with an input.</param>
    /// <param name="precisions">What to measure besides float32.</param>
    /// <param name="promises">What is asked of the one that is chosen.</param>
    /// <param name="progress">Told how far it is.</param>
    /// <param name="cancellation">Stops between batches.</param>
    /// <returns>The proof, and each precision's calibration where its labels are scored.</returns>
    public (ExportProof Proof, IReadOnlyDictionary<string, StudentCalibration> Calibrations) Prove(
        string folder,
        TaskSpec? task,
        IReadOnlyList<Example> rows,
        IReadOnlyList<string> precisions,
        ExportPromises promises,
        IProgress<Progress> progress,
        CancellationToken cancellation)
    {
        var questions = rows.Select(row => new StudentQuestion(row.Input!) { Choices = row.Choices.Count > 0 ? row.Choices : null }).ToList();
        var names = precisions.Prepend(Reference).Distinct().ToList();
        var measured = new List<MeasuredStudent>();
        foreach (var name in names)
        {
            progress.Report(new(measured.Count, names.Count + 1, name));
            measured.Add(MeasuredStudent.Of(folder, name, Threads, questions, MaxTokens, TimedRows, clock, cancellation));
        }

        progress.Report(new(names.Count, names.Count + 1, "the trained network"));
        var parity = Compare(folder, questions, measured[0], cancellation);
        var calibrations = new Dictionary<string, StudentCalibration>(StringComparer.Ordinal);
        foreach (var one in measured)
        {
            if (StudentCalibrator.Fit([.. rows.Select((row, i) => new CalibrationRow(one.LogProbabilities[i], Right(task, row, one.Labels[i]), one.Inputs[i]))]) is { } fitted)
            {
                calibrations.Add(one.Precision, fitted);
            }
        }

        var proved = measured.ConvertAll(one => Judge(task, rows, measured[0], one, promises, calibrations.GetValueOrDefault(one.Precision)));
        return (
            new ExportProof(
                rows.Count,
                ContentHash.Of(rows.SelectMany(row => new[] { row.Id, row.Input! })),
                parity,
                proved,
                promises,
                parity.Passed ? proved.Where(one => one.Keeps).MinBy(one => one.Bytes)?.Precision : null,
                $"{RuntimeInformation.ProcessArchitecture}, {Threads?.ToString(CultureInfo.InvariantCulture) ?? $"{Environment.ProcessorCount}"} threads a pass"),
            calibrations);
    }

    /// <summary>Puts proof, calibration and the choice into the folder, and seals it.</summary>
    public static void Seal(string folder, ExportProof proof, IReadOnlyDictionary<string, StudentCalibration> calibrations)
    {
        proof.Write(folder);
        if (calibrations.Count > 0)
        {
            CalibrationFile.Write(folder, calibrations);
        }

        if (StudentFolder.Open(folder).Manifest is { } manifest)
        {
            StudentFolder.Reseal(folder, manifest with
            {
                Export = new([.. proof.Precisions.Select(one => one.Precision)], proof.Chosen!),
            });
        }
    }

    private ExportParity Compare(string folder, List<StudentQuestion> questions, MeasuredStudent exported, CancellationToken cancellation)
    {
        var count = Math.Min(ParityRows, questions.Count);
        var trained = network(
            folder, [.. questions.Take(count).Select(question => question.Input)], [.. exported.Labels.Take(count)], MaxTokens, cancellation);
        var pairs = Enumerable.Range(0, count)
            .Select(i => (Trained: trained.LogProbabilities[i], Exported: exported.LogProbabilities[i]))
            .Where(pair => pair.Trained.Length > 0)
            .ToList();
        return new(
            count,
            Enumerable.Range(0, count).Count(i => !trained.Tokens[i].SequenceEqual(exported.Tokens[i])),
            pairs.Count(pair => Likeliest(pair.Trained) != Likeliest(pair.Exported)),
            pairs.SelectMany(pair => pair.Trained.Zip(pair.Exported, (one, other) => Math.Abs(one - other))).DefaultIfEmpty(0).Max());
    }

    private static ProvedPrecision Judge(
        TaskSpec? task, IReadOnlyList<Example> rows, MeasuredStudent reference, MeasuredStudent one, ExportPromises promises, StudentCalibration? calibration)
    {
        var agreement = rows.Select((_, i) => i).Count(i => one.Answers[i].Label == reference.Answers[i].Label) / (double)rows.Count;
        var gold = task is null ? [] : Enumerable.Range(0, rows.Count).Where(i => rows[i].Label is not null).ToList();
        bool[] Correct(MeasuredStudent student) => [.. gold.Select(i => task!.IsCorrect(rows[i], student.Answers[i].Label))];
        var lost = gold.Count == 0 ? null : PairedBootstrap.Difference([Correct(reference)], [Correct(one)]);
        var drop = 100 * (lost?.Value ?? (1 - agreement));
        return new(
            one.Precision,
            one.Bytes,
            agreement,
            gold.Count == 0 ? null : Correct(one).Count(right => right) / (double)gold.Count,
            drop,
            lost is null ? null : new ConfidenceInterval(100 * lost.RowsOnly.Low, 100 * lost.RowsOnly.High),
            one.Times,
            calibration?.ErrorBefore,
            calibration?.ErrorAfter,
            drop <= promises.MaxDrop && agreement >= promises.MinAgreement && !(one.Times.P95 > promises.P95));
    }

    private static int Right(TaskSpec? task, Example row, IReadOnlyList<string> labels)
    {
        for (var i = 0; task is not null && row.Label is not null && i < labels.Count; i++)
        {
            if (task.IsCorrect(row, labels[i]))
            {
                return i;
            }
        }

        return -1;
    }

    private static int Likeliest(double[] scores) => Array.IndexOf(scores, scores.Max());
}
