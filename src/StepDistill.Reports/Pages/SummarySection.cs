using StepDistill.Evaluation.Comparisons;

namespace StepDistill.Reports.Pages;

/// <summary>What the numbers allow to say, the conditions that were named, and what weakens it.</summary>
internal static class SummarySection
{
    public static void Write(HtmlWriter page, ComparisonReport report)
    {
        var summary = new ComparisonSummary(report);
        page.Prose("p", summary.Paragraph(), "lead");
        Gates(page, report);
        var cautions = summary.Cautions().ToList();
        if (cautions.Count > 0)
        {
            page.Raw("<aside aria-label=\"Cautions\">\n");
            page.Element("h2", "Keep in mind");
            page.Raw("<ul>\n");
            cautions.ForEach(caution => page.Prose("li", caution));
            page.Raw("</ul>\n</aside>\n");
        }
    }

    private static void Gates(HtmlWriter page, ComparisonReport report)
    {
        if (report.Gates.Count == 0)
        {
            return;
        }

        page.Section("gates", "Conditions");
        var table = new HtmlTable("condition", "", "why");
        foreach (var gate in report.Gates)
        {
            table.Add(gate.Condition, gate.Met ? new("✓ met", "good") : new("✗ not met", "bad"), gate.Reason);
        }

        page.Table(table, "Conditions");
        page.EndSection();
    }
}
