using StepDistill.Evaluation.Comparisons;
using static StepDistill.Evaluation.Comparisons.ReportNumbers;
using static StepDistill.Reports.Pages.ReportWords;

namespace StepDistill.Reports.Pages;

/// <summary>Where the numbers come from: recipe, data, versions and the command that makes them again.</summary>
internal static class OriginSection
{
    public static void Write(HtmlWriter page, ComparisonReport report)
    {
        var origin = report.Origin;
        page.Section("origin", "Where this comes from");
        var table = new HtmlTable("what", "value");
        table.Add("recipe", origin.Recipe);
        table.Add("task", report.Task);
        table.Add($"{Count(report.Rows)} {report.Split} rows", new($"SHA-256 {report.RowsHash}", "code"));
        foreach (var (name, hash) in origin.Data.OrderBy(pair => pair.Key, StringComparer.Ordinal))
        {
            table.Add($"data: {name}", new($"SHA-256 {hash}", "code"));
        }

        foreach (var (name, version) in origin.Versions.OrderBy(pair => pair.Key, StringComparer.Ordinal))
        {
            table.Add(name, version);
        }

        foreach (var variant in report.Variants.Where(variant => variant.Name.Length > 0))
        {
            table.Add(
                $"variant: {variant.Name}",
                new(variant.Overrides.Count > 0 ? string.Join(", ", variant.Overrides) : None, "code"));
        }

        if (origin.Command is { } command)
        {
            table.Add("command", new(command, "code"));
        }

        page.Table(table, "Where this comes from");
        page.Element("p", "The same numbers stand in comparison.json, runs.csv, arms.csv and differences.csv beside this page, its "
            + "figures in the folder figures.");
        page.EndSection();
    }
}
