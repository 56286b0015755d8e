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
        page.Table(Table(report, report.Arms.Where(arm => arm.Fraction == largest), withTeacher: true), "Accuracy");
        foreach (var figure in figures.Accuracies.Concat(figures.Sizes))
        {
            ReportPage.Figure(page, figure);
        }

        if (report.Arms.Any(arm => arm.Fraction != largest))
        {
            page.Folded("Accuracy at every share of the training rows", Table(report, report.Arms, withTeacher: false));
        }

        page.EndSection();
    }

    private static HtmlTable Table(ComparisonReport report, IEnumerable<ComparedArm> arms, bool withTeacher)
    {
        var table = new HtmlTable(
            "arm", "training rows:", "accuracy:", "95 % interval:", "seeds:", "lowest:", "highest:", "sd, points:", "stuck:",
            "macro-F1:", "unreadable:", "calibration error:", "ROUGE-L:");
        foreach (var arm in arms)
        {
            table.Add(
                Arm(arm.Arm, arm.Variant),
                TrainingRows(arm),
                new(Percent(arm.Accuracy), "strong"),
                Percents(arm.Low, arm.High),
                arm.Failed == 0 ? Count(arm.Seeds.Count) : new HtmlCell($"{arm.Seeds.Count} ({arm.Failed} failed)", "bad"),
                Percent(arm.Lowest),
                Percent(arm.Highest),
                arm.Deviation is { } deviation ? Points(deviation) : None,
                arm.Stuck == 0 ? None : new HtmlCell($"{arm.Stuck} of {arm.Seeds.Count}", "bad"),
                Percent(arm.MacroF1),
                Percent(arm.Unreadable),
                Share(arm.CalibrationError),
                Share(arm.RationaleOverlap));
        }

        if (!withTeacher)
        {
            return table;
        }

        if (report.Teacher is { } teacher)
        {
            table.Add(
                $"{(teacher.Simulated ? "simulated " : "")}teacher: {teacher.Name}", None,
                new(Percent(teacher.Accuracy), "strong"), Percents(teacher.Low, teacher.High),
                None, None, None, None, None, None,
                Percent(teacher.Rows == 0 ? null : (double)teacher.Unreadable / teacher.Rows), None, None);
        }

        table.Add(
            "without reading the input", None, Percent(report.Baseline), None, None, None, None, None, None, None, None, None, None);
        return table;
    }
}
