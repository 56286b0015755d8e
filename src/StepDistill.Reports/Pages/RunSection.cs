using System.Globalization;
using StepDistill.Evaluation.Comparisons;
using static StepDistill.Evaluation.Comparisons.ReportNumbers;
using static StepDistill.Reports.Pages.ReportWords;

namespace StepDistill.Reports.Pages;

/// <summary>Every run, with what is needed to find it and to make it again.</summary>
internal static class RunSection
{
    public static void Write(HtmlWriter page, ComparisonReport report)
    {
        page.Section("runs", "Every run");
        var failed = report.Cells.Where(cell => cell.Fault is not null).ToList();
        if (failed.Count > 0)
        {
            var faults = new HtmlTable("failed run", "why");
            failed.ForEach(cell => faults.Add($"{Arm(cell.Arm, cell.Variant)}, {Fraction(cell.Fraction)}, seed {Seed(cell)}", cell.Fault!));
            page.Table(faults, "Failed runs");
        }

        page.Folded(Of(report.Cells.Count, "run"), Table(report));
        page.EndSection();
    }

    private static HtmlTable Table(ComparisonReport report)
    {
        var table = new HtmlTable(
            "arm", "training rows:", "seed:", "remark", "accuracy:", "right:", "of:", "macro-F1:", "validation:", "unreadable:",
            "calibration error:", "ROUGE-L:", "best step:", "folder", "identity", "trained by");
        foreach (var cell in report.Cells)
        {
            table.Add(
                Arm(cell.Arm, cell.Variant),
                cell.TrainingExamples is { } rows ? $"{Count(rows)} ({Fraction(cell.Fraction)})" : Fraction(cell.Fraction),
                Seed(cell),
                cell.Fault is not null ? new HtmlCell("FAILED", "bad") : cell.Stuck ? new HtmlCell("STUCK", "bad") : "",
                new(Percent(cell.Accuracy), "strong"),
                Count(cell.Correct),
                Count(cell.Rows),
                Percent(cell.MacroF1),
                Percent(cell.ValidationScore),
                Count(cell.Unreadable),
                Percent(cell.CalibrationError),
                Percent(cell.RationaleOverlap),
                Count(cell.BestStep),
                new(cell.Run, "code"),
                new(cell.Identity ?? None, "code"),
                cell.TrainedBy ?? None);
        }

        return table;
    }

    private static string Seed(ComparedCell cell) => cell.Seed.ToString(CultureInfo.InvariantCulture);
}
