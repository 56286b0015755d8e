using System.Globalization;
using System.Text.Json.Nodes;
using StepDistill.Cli.Stages;

namespace StepDistill.Cli.Rendering;

/// <summary>Says what a proof holds.</summary>
internal static class ExportProofText
{
    /// <summary>As lines for a terminal.</summary>
    public static IEnumerable<string> Lines(ExportProof proof)
    {
        var parity = proof.Parity;
        yield return Invariant(
            $"Against the trained network, {parity.Rows:N0} rows: {parity.TextsDiffering} texts and {parity.LabelsDiffering} labels differ; ")
            + Invariant($"log-probabilities by {parity.LargestDifference:0.0e+0} at most ({ExportParity.Tolerance:0.0e+0} allowed). {(parity.Passed ? "Equal." : "NOT EQUAL.")}");
        foreach (var line in TextTable.Lines(
            ["precision", "MB", "same label", "accuracy", "lost points", "p50 ms", "p95 ms", "p99 ms", "calibration error", ""],
            proof.Precisions.Select(one => Row(one, proof.Chosen))))
        {
            yield return line;
        }

        var promise = Invariant($"at most {proof.Promises.MaxDrop} points lost, the same label on {100 * proof.Promises.MinAgreement} of 100 rows{(proof.Promises.P95 is { } limit ? Invariant($", 95 of 100 answers within {limit} ms") : "")}");
        yield return proof.Chosen is { } chosen
            ? $"Chosen: {chosen}, the smallest with {promise}."
            : parity.Passed
                ? $"Chosen: none. No precision keeps the promise: {promise}."
                : "Chosen: none. The export is not the student that was trained.";
    }

    /// <summary>As JSON.</summary>
    public static JsonObject Json(ExportProof proof) => JsonNode.Parse(proof.ToJson())!.AsObject();

    private static string[] Row(ProvedPrecision one, string? chosen) =>
    [
        one.Precision,
        Invariant($"{one.Bytes / 1e6:0.0}"),
        Invariant($"{100 * one.Agreement:0.00} %"),
        one.Accuracy is { } accuracy ? Invariant($"{100 * accuracy:0.00} %") : "–",
        one.DropInterval is { } range
            ? Invariant($"{one.Drop:0.00} ({range.Low:0.00} to {range.High:0.00})")
            : Invariant($"{one.Drop:0.00}"),
        Invariant($"{one.Times.P50:0.0}"),
        Invariant($"{one.Times.P95:0.0}"),
        Invariant($"{one.Times.P99:0.0}"),
        one is { CalibrationErrorBefore: { } before, CalibrationErrorAfter: { } after } ? Invariant($"{before:0.000} -> {after:0.000}") : "–",
        one.Precision == chosen ? "chosen" : one.Keeps ? "" : "breaks the promise",
    ];

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
