using StepDistill.Evaluation.Comparisons;
using static StepDistill.Evaluation.Comparisons.ReportNumbers;
using static StepDistill.Reports.Pages.ReportWords;

namespace StepDistill.Reports.Pages;

/// <summary>Whether students may replace the teacher.</summary>
internal static class TeacherSection
{
    public static void Write(HtmlWriter page, ComparisonReport report)
    {
        if (report.Standings.Count == 0)
        {
            return;
        }

        var margins = report.Standings.Select(one => one.Margin).Distinct().Order().Select(Points);
        page.Section("teacher", "Good enough to replace the teacher?");
        page.Element("p", $"A student is good enough if it is shown to be at most {string.Join(" or ", margins)} points worse than the "
            + "teacher on the same rows: the whole interval must lie above that margin.");
        var largest = report.Standings.Max(one => one.Fraction);
        page.Table(Table(report.Standings.Where(one => one.Fraction == largest)), "Students against the teacher");
        if (report.Standings.Any(one => one.Fraction != largest))
        {
            page.Folded("With fewer training rows", Table(report.Standings.Where(one => one.Fraction != largest)));
        }

        page.EndSection();
    }

    private static HtmlTable Table(IEnumerable<ComparedStanding> standings)
    {
        var table = new HtmlTable(
            "arm", "training rows:", "good enough", "difference, points:", "95 % interval:", "margin:", "p:");
        foreach (var one in standings)
        {
            table.Add(
                Arm(one.Arm, one.Variant),
                Fraction(one.Fraction),
                one.NonInferior ? new("✓ yes", "good") : new(one.High < -one.Margin ? "✗ no, it is worse" : "✗ not shown", "bad"),
                new(Signed(one.Difference), "strong"),
                SignedInterval(one.Low, one.High),
                $"−{Points(one.Margin)}",
                PValue(one.PValue));
        }

        return table;
    }
}
