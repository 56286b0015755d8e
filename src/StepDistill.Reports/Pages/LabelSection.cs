using StepDistill.Evaluation.Comparisons;
using static StepDistill.Evaluation.Comparisons.ReportNumbers;
using static StepDistill.Reports.Pages.ReportWords;

namespace StepDistill.Reports.Pages;

/// <summary>How each label is told, at the largest fraction: per label, and which are taken for which.</summary>
internal static class LabelSection
{
    // Shades of report.css, from shade-0 (nothing) to this one (a whole row).
    private const int Shades = 8;

    // A matrix of more labels is no picture any more.
    private const int MostLabels = 20;

    public static void Write(HtmlWriter page, ComparisonReport report)
    {
        var largest = report.Arms.Max(arm => arm.Fraction);
        var arms = report.Arms.Where(arm => arm.Fraction == largest && (arm.ByLabel is not null || arm.Confusion is not null)).ToList();
        if (arms.Count == 0)
        {
            return;
        }

        page.Section("labels", "Labels");
        page.Element("p", $"With {OfRows(largest)}, summed over seeds.");
        if (report.Labels is { Count: <= MostLabels } labels)
        {
            page.Element("p", "Matrices show the true label down and the answer across; a cell's shade is its share of the row.");
            page.Raw("<div class=\"matrices\">\n");
            foreach (var arm in arms.Where(arm => arm.Confusion is not null))
            {
                Matrix(page, Arm(arm.Arm, arm.Variant), labels, arm.Confusion!);
            }

            page.Raw("</div>\n");
        }

        var table = new HtmlTable("arm", "label", "rows:", "precision:", "recall:", "F1:");
        foreach (var arm in arms)
        {
            foreach (var label in arm.ByLabel ?? [])
            {
                table.Add(
                    Arm(arm.Arm, arm.Variant), label.Label, Count(label.Rows), Percent(label.Precision), Percent(label.Recall),
                    Percent(label.F1));
            }
        }

        if (table.Rows.Count > 0)
        {
            page.Folded("Precision, recall and F1 of each label", table);
        }

        page.EndSection();
    }

    private static void Matrix(
        HtmlWriter page, string arm, IReadOnlyList<string> labels, IReadOnlyList<IReadOnlyList<int>> confusion)
    {
        page.Raw("<div class=\"matrix\">\n");
        page.Element("h3", arm);
        var table = new HtmlTable(["true \\ answer", .. labels.Select(label => $"{label}:"), "unreadable:"]);
        foreach (var (label, counts) in labels.Zip(confusion))
        {
            var sum = Math.Max(1, counts.Sum());
            table.Add([
                label,
                .. counts.Select(count => new HtmlCell(Count(count), $"shade-{(int)Math.Round((double)count / sum * Shades)}"))]);
        }

        page.Table(table, $"Confusion matrix of {arm}");
        page.Raw("</div>\n");
    }
}
