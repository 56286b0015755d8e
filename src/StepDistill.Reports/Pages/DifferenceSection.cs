using StepDistill.Evaluation.Comparisons;
using StepDistill.Reports.Figures;
using static StepDistill.Evaluation.Comparisons.ReportNumbers;
using static StepDistill.Reports.Pages.ReportWords;

namespace StepDistill.Reports.Pages;

/// <summary>Who is ahead of whom, by how much, and how sure that is.</summary>
internal static class DifferenceSection
{
    public static void Write(HtmlWriter page, ComparisonReport report, FigureSet figures)
    {
        if (report.Differences.Count == 0)
        {
            return;
        }

        page.Section("differences", "Differences");
        foreach (var figure in figures.Differences)
        {
            ReportPage.Figure(page, figure);
        }

        var largest = report.Differences.Max(one => one.Fraction);
        var heads = report.Differences.Where(one => one.Fraction == largest).ToList();
        page.Folded($"Tests with {OfRows(largest)}", Table(heads));
        if (heads.Count < report.Differences.Count)
        {
            page.Folded("Tests with fewer training rows", Table(report.Differences.Where(one => one.Fraction != largest)));
        }

        page.EndSection();
    }

    private static HtmlTable Table(IEnumerable<ComparedDifference> differences)
    {
        var table = new HtmlTable(
            "arm", "against", "training rows:", "difference, points:", "95 % interval:", "told apart", "p:", "p (Holm):",
            "p (McNemar):", "these students:", "seeds ahead:", "detectable, points:");
        foreach (var one in differences)
        {
            table.Add(
                Arm(one.Arm, one.Variant),
                new(Against(one), "name"),
                Fraction(one.Fraction),
                new(Signed(one.Difference), "strong"),
                SignedInterval(one.Low, one.High),
                !one.Decided ? "no, 0 is inside" : one.AdjustedPValue < 0.05 ? "yes" : "not after correction",
                PValue(one.PValue),
                PValue(one.AdjustedPValue),
                PValue(one.McNemar),
                SignedInterval(one.RowsLow, one.RowsHigh),
                $"{one.BySeed.Count(difference => difference > 0)} of {one.Seeds.Count}",
                Detectable(one.Detectable));
        }

        return table;
    }
}
