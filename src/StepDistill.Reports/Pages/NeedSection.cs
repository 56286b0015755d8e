using StepDistill.Evaluation.Comparisons;
using StepDistill.Reports.Figures;
using static StepDistill.Evaluation.Comparisons.ReportNumbers;
using static StepDistill.Reports.Pages.ReportWords;

namespace StepDistill.Reports.Pages;

/// <summary>What arms need to equal fine-tuning that has everything, and the curves that say so.</summary>
internal static class NeedSection
{
    public static void Write(HtmlWriter page, ComparisonReport report)
    {
        var laws = report.Curves.Where(curve => curve.Law is not null).ToList();
        if (report.Savings.Count == 0 && laws.Count == 0)
        {
            return;
        }

        page.Section("needs", "How much is needed");
        if (report.Savings.Count > 0)
        {
            page.Element("p", "By its fitted curve, what an arm needs to equal the other one that has everything. An interval without "
                + "an upper end means that the arm may never get there.");
            page.Table(Savings(report), "Rows and sizes needed");
        }

        if (laws.Count > 0)
        {
            var table = new HtmlTable("arm", "over", "fitted accuracy");
            laws.ForEach(curve => table.Add(
                Arm(curve.Arm, curve.Variant),
                curve.Axis == ComparedCurve.Rows ? "training rows" : "parameters",
                new(curve.Fits ? curve.Law! : $"{curve.Law} (does not fit)", "law")));
            page.Folded("The fitted power laws", table);
        }

        page.EndSection();
    }

    private static HtmlTable Savings(ComparisonReport report)
    {
        var table = new HtmlTable("arm", "to equal", "in", "which has:", "needs:", "95 % interval:", "share:");
        foreach (var one in report.Savings)
        {
            table.Add(
                Arm(one.Arm, one.Variant),
                one.Against,
                one.Axis == ComparedCurve.Rows ? "training rows" : "parameters",
                Amount(one.Whole, one.Axis),
                one.Needed is { } needed ? new HtmlCell((one.AtMost ? "at most " : "") + Amount(needed, one.Axis), "strong") : "never, by this curve",
                (one.Low, one.High) switch
                {
                    ({ } low, { } high) => $"{Amount(low, one.Axis)} to {Amount(high, one.Axis)}",
                    ({ } low, null) => $"{Amount(low, one.Axis)} or more",
                    _ => None,
                },
                one.Share is { } share ? new HtmlCell(Percent(share), "strong") : None);
        }

        return table;
    }

    private static string Amount(double amount, string axis) =>
        axis == ComparedCurve.Rows ? Count((int)Math.Ceiling(amount)) : CurveFigure.Parameters(amount);
}
