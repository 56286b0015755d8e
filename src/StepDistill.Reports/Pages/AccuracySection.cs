using StepDistill.Evaluation.Comparisons;
using StepDistill.Reports.Figures;
using static StepDistill.Evaluation.Comparisons.ReportNumbers;
using static StepDistill.Reports.Pages.ReportWords;

namespace StepDistill.Reports.Pages;

/// <summary>The table that matters, the same at all fractions, and its figures.</summary>
internal static class AccuracySection
{
    public static void Write(HtmlWriter page, ComparisonReport report, FigureSet figures)
    {
        page.Section("accuracy", "Accuracy");
        var largest = report.Arms.Max(arm => arm.Fraction);
        page.Table(Largest(report, largest), "Accuracy");
        foreach (var figure in figures.Accuracies.Concat(figures.Sizes))
        {
            ReportPage.Figure(page, figure);
        }

        page.Folded("Every arm at every share of the training rows", All(report));
        page.EndSection();
    }

    // What a reader needs first: no more columns than fit on a screen.
    private static HtmlTable Largest(ComparisonReport report, double largest)
    {
        var table = new HtmlTable("arm", "accuracy:", "95 % interval:", "training rows:", "seeds:", "their range:", "remark");
        foreach (var arm in report.Arms.Where(arm => arm.Fraction == largest))
        {
            table.Add(
                Arm(arm.Arm, arm.Variant),
                new(Percent(arm.Accuracy), "strong"),
                Percents(arm.Low, arm.High),
                TrainingRows(arm),
                Count(arm.Seeds.Count),
                Percents(arm.Lowest, arm.Highest),
                Remark(arm) is { Length: > 0 } remark ? new HtmlCell(remark, "bad") : "");
        }

        if (report.Teacher is { } teacher)
        {
            table.Add(
                $"{(teacher.Simulated ? "simulated " : "")}teacher: {teacher.Name}",
                new(Percent(teacher.Accuracy), "strong"), Percents(teacher.Low, teacher.High), None, None, None, "");
        }

        table.Add("without reading the input", Percent(report.Baseline), None, None, None, None, "");
        return table;
    }

    private static string Remark(ComparedArm arm) => string.Join(", ", (string[])
    [
        .. arm.Failed > 0 ? [$"{arm.Failed} failed"] : Array.Empty<string>(),
        .. arm.Stuck > 0 ? [$"{arm.Stuck} stuck"] : Array.Empty<string>(),
    ]);

    private static HtmlTable All(ComparisonReport report)
    {
        var table = new HtmlTable(
            "arm", "training rows:", "accuracy:", "95 % interval:", "seeds:", "failed:", "stuck:", "lowest:", "highest:", "sd, points:",
            "macro-F1:", "unreadable:", "calibration error:", "ROUGE-L:");
        foreach (var arm in report.Arms)
        {
            table.Add(
                Arm(arm.Arm, arm.Variant),
                TrainingRows(arm),
                new(Percent(arm.Accuracy), "strong"),
                Percents(arm.Low, arm.High),
                Count(arm.Seeds.Count),
                arm.Failed == 0 ? None : new HtmlCell(Count(arm.Failed), "bad"),
                arm.Stuck == 0 ? None : new HtmlCell(Count(arm.Stuck), "bad"),
                Percent(arm.Lowest),
                Percent(arm.Highest),
                arm.Deviation is { } deviation ? Points(deviation) : None,
                Percent(arm.MacroF1),
                Percent(arm.Unreadable),
                Percent(arm.CalibrationError),
                Percent(arm.RationaleOverlap));
        }

        return table;
    }
}
