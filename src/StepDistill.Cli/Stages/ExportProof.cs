using System.Text.Json;
using StepDistill.Evaluation.Statistics;
using StepDistill.Files;
using StepDistill.Inference.Confidence;

namespace StepDistill.Cli.Stages;

/// <summary>What was seen when an exported student answered rows: <c>verification.json</c> beside its files.</summary>
/// <param name="Rows">How many rows were answered in every precision.</param>
/// <param name="RowsHash">SHA-256 over their ids and inputs.</param>
/// <param name="Parity">How far float32 in ONNX Runtime is from the network that was trained.</param>
/// <param name="Precisions">Every precision that was measured.</param>
/// <param name="Promises">What was asked of the one that is chosen.</param>
/// <param name="Chosen">The smallest that keeps the promises; null where none does.</param>
/// <param name="Machine">Where times were taken: processor and threads.</param>
internal sealed record ExportProof(
    int Rows,
    string RowsHash,
    ExportParity Parity,
    IReadOnlyList<ProvedPrecision> Precisions,
    ExportPromises Promises,
    string? Chosen,
    string Machine)
{
    /// <summary>The file's name.</summary>
    public const string FileName = "verification.json";

    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        WriteIndented = true,
        DefaultIgnoreCondition = System.Text.Json.Serialization.JsonIgnoreCondition.WhenWritingNull,
    };

    /// <summary>Whether float32 is the trained network and some precision keeps the promises.</summary>
    public bool Passed => Parity.Passed && Chosen is not null;

    /// <summary>As JSON.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, Json);

    /// <summary>Puts it beside the files.</summary>
    public void Write(string folder) => AtomicFile.WriteText(Path.Combine(folder, FileName), ToJson() + "\n");

    /// <summary>Reads what was promised; null where nothing was exported.</summary>
    public static ExportProof? Read(string folder)
    {
        var path = Path.Combine(folder, FileName);
        try
        {
            return File.Exists(path) ? JsonSerializer.Deserialize<ExportProof>(File.ReadAllText(path), Json) : null;
        }
        catch (JsonException e)
        {
            throw new StepDistillException($"{path} is not a proof: {e.Message} Export the student again.", e);
        }
    }
}

/// <summary>How far float32 in ONNX Runtime is from the network that was trained.</summary>
/// <param name="Rows">Rows that both answered.</param>
/// <param name="TextsDiffering">Rows whose greedily written tokens differ; none may.</param>
/// <param name="LabelsDiffering">Rows whose likeliest label differs; none may.</param>
/// <param name="LargestDifference">The largest difference of a label's log-probability, in nats.</param>
internal sealed record ExportParity(int Rows, int TextsDiffering, int LabelsDiffering, double LargestDifference)
{
    /// <summary>The largest difference allowed: ten times what rounding to float32 makes in published sizes.</summary>
    public const double Tolerance = 1e-3;

    /// <summary>Whether they are the same.</summary>
    public bool Passed => TextsDiffering == 0 && LabelsDiffering == 0 && LargestDifference <= Tolerance;
}

/// <summary>What is asked of an exported student.</summary>
/// <param name="MaxDrop">Points of accuracy that it may lose against float32.</param>
/// <param name="MinAgreement">The share of rows, from 0 to 1, on which it must say what float32 says: as many right ones may be other ones.</param>
/// <param name="P95">Milliseconds within which 95 of 100 answers must come; null for no such promise.</param>
internal sealed record ExportPromises(double MaxDrop, double MinAgreement, double? P95);

/// <summary>One precision as it was measured.</summary>
/// <param name="Precision">Its name.</param>
/// <param name="Bytes">Size of encoder and decoder.</param>
/// <param name="Agreement">The share of rows whose label is float32's.</param>
/// <param name="Accuracy">The share of right labels; null where no row has a gold label.</param>
/// <param name="Drop">Points of accuracy lost against float32; without gold labels, points of agreement.</param>
/// <param name="DropInterval">The drop's 95 % interval for other rows of the kind; null without gold labels.</param>
/// <param name="Times">Milliseconds, one row at a time.</param>
/// <param name="CalibrationErrorBefore">The expected calibration error of the student's own probabilities; null where labels are not scored.</param>
/// <param name="CalibrationErrorAfter">The same after calibration, on rows that the temperature has not seen.</param>
/// <param name="Keeps">Whether it keeps the promises.</param>
internal sealed record ProvedPrecision(
    string Precision,
    long Bytes,
    double Agreement,
    double? Accuracy,
    double Drop,
    ConfidenceInterval? DropInterval,
    AnswerTimes Times,
    double? CalibrationErrorBefore,
    double? CalibrationErrorAfter,
    bool Keeps);
