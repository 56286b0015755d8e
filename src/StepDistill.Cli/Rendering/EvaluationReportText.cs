using System.Globalization;
using System.Text.Json.Nodes;
using StepDistill.Evaluation;

namespace StepDistill.Cli.Rendering;

/// <summary>Evaluation reports as a table and as objects.</summary>
internal static class EvaluationReportText
{
    /// <summary>Writes a student's report as a table, with its teacher below it where there is one.</summary>
    public static IEnumerable<string> Table(EvaluationReport student, EvaluationReport? teacher) => TextTable.Lines(
        ["who", "rows", "correct", "accuracy", "95 % interval", "unreadable"],
        new[] { student, AsTeacher(teacher) }.OfType<EvaluationReport>().Select(report => new[]
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

    /// <summary>Writes a teacher's report as an object; null where there is none.</summary>
    public static JsonObject? TeacherJson(EvaluationReport? teacher) => teacher is null ? null : Json(AsTeacher(teacher)!);

    private static EvaluationReport? AsTeacher(EvaluationReport? teacher) =>
        teacher is null ? null : teacher with { Subject = $"teacher ({teacher.Subject})" };

    /// <summary>Writes a share as a percentage.</summary>
    public static string Share(double share) => share.ToString("P1", CultureInfo.InvariantCulture);
}
