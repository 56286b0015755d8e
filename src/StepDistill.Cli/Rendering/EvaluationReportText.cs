using System.Globalization;
using System.Text.Json.Nodes;
using StepDistill.Evaluation;

namespace StepDistill.Cli.Rendering;

/// <summary>Evaluation reports as a table and as objects.</summary>
internal static class EvaluationReportText
{
    /// <summary>Writes a table with a row for each report.</summary>
    public static IEnumerable<string> Table(IEnumerable<EvaluationReport> reports) => TextTable.Lines(
        ["who", "rows", "correct", "accuracy", "95 % interval", "unreadable"],
        reports.Select(report => new[]
        {
            report.Subject,
            report.Rows.ToString("N0", CultureInfo.InvariantCulture),
            report.Correct.ToString("N0", CultureInfo.InvariantCulture),
            Share(report.Accuracy),
            $"{Share(report.Interval.Low)} to {Share(report.Interval.High)}",
            report.Unreadable.ToString("N0", CultureInfo.InvariantCulture),
        }));

    /// <summary>Writes a report as an object.</summary>
    public static JsonObject Json(EvaluationReport report) => new()
    {
        ["subject"] = report.Subject,
        ["split"] = report.Split,
        ["rows"] = report.Rows,
        ["correct"] = report.Correct,
        ["accuracy"] = report.Accuracy,
        ["interval"] = new JsonArray(report.Interval.Low, report.Interval.High),
        ["unreadable"] = report.Unreadable,
        ["skipped"] = report.Skipped,
        ["baseline"] = report.Baseline,
        ["macro_f1"] = report.MacroF1,
    };

    /// <summary>Writes a share as a percentage.</summary>
    public static string Share(double share) => share.ToString("P1", CultureInfo.InvariantCulture);
}
