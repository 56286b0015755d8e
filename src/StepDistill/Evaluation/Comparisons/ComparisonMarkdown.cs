using System.Globalization;
using System.Text;
using StepDistill.Recipes;
using static StepDistill.Evaluation.Comparisons.ReportNumbers;

namespace StepDistill.Evaluation.Comparisons;

/// <summary>
/// Writes a report for people: what the numbers allow to say, then the numbers, then how to read them.
/// </summary>
internal sealed class ComparisonMarkdown
{
    private const string None = "–";

    private readonly ComparisonReport _report;
    private readonly StringBuilder _text = new();

    private ComparisonMarkdown(ComparisonReport report) => _report = report;

    public static string Write(ComparisonReport report)
    {
        var page = new ComparisonMarkdown(report);
        page.Summary();
        page.Accuracies();
        page.Differences();
        page.Runs();
        page.Reading();
        page.Origin();
        return page._text.ToString();
    }

    private void Summary()
    {
        var summary = new ComparisonSummary(_report);
        Line($"# {_report.Recipe}: arms compared on {Count(_report.Rows)} {_report.Split} rows");
        Line();
        Line(summary.Paragraph());
        Line();
        var cautions = summary.Cautions().ToList();
        if (cautions.Count > 0)
        {
            Line("Keep in mind:");
            Line();
            cautions.ForEach(caution => Line($"- {caution}"));
            Line();
        }
    }

    private void Accuracies()
    {
        Line("## Accuracy");
        Line();
        var table = new MarkdownTable(
            "training rows:", "arm", "accuracy:", "95 % interval:", "seeds:", "lowest:", "highest:", "sd:", "stuck:");
        foreach (var arm in _report.Arms)
        {
            table.Add(
                $"{Count(arm.TrainingExamples)} ({Fraction(arm.Fraction)})",
                arm.Arm,
                Percent(arm.Accuracy),
                Percents(arm.Low, arm.High),
                arm.Failed == 0 ? Count(arm.Seeds.Count) : $"{arm.Seeds.Count} ({arm.Failed} failed)",
                Percent(arm.Lowest),
                Percent(arm.Highest),
                arm.Deviation is { } deviation ? Points(deviation) : None,
                arm.Stuck == 0 ? None : $"{arm.Stuck} of {arm.Seeds.Count}");
        }

        if (_report.Teacher is { } teacher)
        {
            table.Add(
                None,
                teacher.Simulated ? $"simulated teacher ({teacher.Name})" : $"teacher ({teacher.Name})",
                Percent(teacher.Accuracy),
                Percents(teacher.Low, teacher.High),
                None, None, None, None, None);
        }

        table.Add(None, "without reading the input", Percent(_report.Baseline), None, None, None, None, None, None);
        Line(table.ToString());
    }

    private void Differences()
    {
        if (_report.Differences.Count == 0)
        {
            return;
        }

        Line("## Differences, in points");
        Line();
        var table = new MarkdownTable(
            "training rows:", "arm", "against", "difference:", "95 % interval:", "these students:", "seeds ahead:",
            "told apart");
        foreach (var one in _report.Differences)
        {
            table.Add(
                Fraction(one.Fraction),
                one.Arm,
                one.Against,
                Signed(one.Difference),
                SignedInterval(one.Low, one.High),
                SignedInterval(one.RowsLow, one.RowsHigh),
                $"{one.BySeed.Count(difference => difference > 0)} of {one.Seeds.Count}",
                one.Decided ? "yes" : "no, 0 is inside");
        }

        Line(table.ToString());
    }

    private void Runs()
    {
        Line("## Every run");
        Line();
        var withF1 = _report.Cells.Any(cell => cell.MacroF1 is not null);
        string[] f1Head = withF1 ? ["macro-F1:"] : [];
        var table = new MarkdownTable([
            "training rows:", "arm", "seed:", "right:", "of:", "accuracy:", .. f1Head, "unreadable:", "best step:",
            "remark"]);
        foreach (var cell in
            from cell in _report.Cells
            orderby cell.Fraction, Arms.All.ToList().IndexOf(cell.Arm), cell.Seed
            select cell)
        {
            string[] f1 = withF1 ? [Percent(cell.MacroF1)] : [];
            table.Add([
                Fraction(cell.Fraction),
                cell.Arm,
                cell.Seed.ToString(CultureInfo.InvariantCulture),
                Count(cell.Correct),
                Count(cell.Rows),
                Percent(cell.Accuracy),
                .. f1,
                Count(cell.Unreadable),
                Count(cell.BestStep),
                cell.Fault is not null ? "FAILED" : cell.Stuck ? "STUCK" : ""]);
        }

        Line(table.ToString());
        var failed = _report.Cells.Where(cell => cell.Fault is not null).ToList();
        foreach (var cell in failed)
        {
            var name = new ComparisonCell(cell.Arm, cell.Fraction, cell.Seed);
            Line($"- {name} failed: {MarkdownTable.Escape(cell.Fault!)}");
        }

        if (failed.Count > 0)
        {
            Line();
        }
    }

    private void Reading()
    {
        Line("## How to read this");
        Line();
        Line("- **Accuracy** is the share of rows answered right. An answer that is no label of the task is unreadable "
            + "and counts as wrong.");
        Line("- **An interval** holds the true value in about 95 of 100 repetitions with other rows of the same kind "
            + "and, where there are several seeds, other seeds. Differences are paired: each row is compared with "
            + "itself, each seed with the same seed.");
        Line("- **These students** is the narrower interval for the very students of these runs on other rows. Where "
            + "it leaves out 0 and the other one does not, more seeds would help; where both hold 0, more rows would "
            + "too.");
        Line("- **Told apart: no** does not mean equal. It means that this many rows and seeds cannot say.");
        Line("- **Without reading the input** is the commonest answer's share or, if higher, the chance of guessing "
            + $"among a row's choices: {Percent(_report.Baseline)}. **Stuck** is a student whose own interval reaches "
            + "down to it.");
        if (_report.Teacher is not null)
        {
            Line("- **The teacher** is scored on the same rows; answers that could not be read count as wrong.");
        }

        Line();
    }

    private void Origin()
    {
        var origin = _report.Origin;
        Line("## What was compared");
        Line();
        var table = new MarkdownTable("what", "value");
        table.Add("recipe", origin.Recipe);
        table.Add("task", _report.Task);
        table.Add("rows", $"{Count(_report.Rows)} {_report.Split} rows, {Hash(_report.RowsHash)}");
        foreach (var (name, hash) in origin.Data.OrderBy(pair => pair.Key, StringComparer.Ordinal))
        {
            table.Add($"data: {name}", Hash(hash));
        }

        foreach (var (name, version) in origin.Versions.OrderBy(pair => pair.Key, StringComparer.Ordinal))
        {
            table.Add(name, version);
        }

        if (origin.Command is { } command)
        {
            table.Add("command", $"`{command}`");
        }

        Line(table.ToString().TrimEnd());
    }

    private static string Hash(string hash) => hash.Length > 16 ? $"SHA-256 {hash[..16]}…" : hash;

    private void Line(string text = "") => _text.Append(text).Append('\n');
}
