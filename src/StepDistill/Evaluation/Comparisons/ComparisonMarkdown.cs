using System.Globalization;
using System.Text;
using StepDistill.Recipes;

namespace StepDistill.Evaluation.Comparisons;

/// <summary>Writes a report for people: first what the numbers allow to say, then the numbers, then how to read them.</summary>
internal sealed class ComparisonMarkdown
{
    private readonly ComparisonReport _report;
    private readonly StringBuilder _text = new();

    private ComparisonMarkdown(ComparisonReport report) => _report = report;

    public static string Write(ComparisonReport report)
    {
        var page = new ComparisonMarkdown(report);
        page.Summary();
        page.Cautions();
        page.Accuracies();
        page.Differences();
        page.Runs();
        page.Reading();
        page.Origin();
        return page._text.ToString();
    }

    private void Summary()
    {
        Line($"# {_report.Recipe}: arms compared on {Count(_report.Rows)} {_report.Split} rows");
        Line();
        var (arm, against) = HeadlinePair();
        var differences = _report.Differences
            .Where(one => one.Arm == arm && one.Against == against)
            .OrderByDescending(one => one.Fraction).ToList();
        if (differences.Count == 0)
        {
            var best = _report.Arms.MaxBy(one => one.Fraction)!;
            Line(
                $"**{best.Arm} answers {Percent(best.Accuracy)} of {Count(_report.Rows)} {_report.Split} rows right** "
                + $"(95 % interval {Percents(best.Low, best.High)}; {Seeds(best.Seeds.Count)}), learnt from "
                + $"{Share(best)}. There is no other arm here to compare it with.");
        }
        else
        {
            Line(string.Join(" ", [Headline(differences[0]), .. differences.Skip(1).Select(FurtherFraction)]));
        }

        Line();
    }

    private string Headline(ComparedDifference difference)
    {
        var (one, other) = (Arm(difference.Arm, difference.Fraction), Arm(difference.Against, difference.Fraction));
        var where = $"On {Count(_report.Rows)} {_report.Split} rows of the task {_report.Task}, with "
            + $"{Seeds(difference.Seeds.Count)} and {Share(one)}, ";
        var means = difference.Seeds.Count == one.Seeds.Count && difference.Seeds.Count == other.Seeds.Count
            ? $" {one.Arm} has {Percent(one.Accuracy)} right, {other.Arm} {Percent(other.Accuracy)}."
            : "";       // with other seeds the means do not have this difference
        return where + (difference switch
        {
            { Low: > 0 } => $"**{difference.Arm} is ahead of {difference.Against} by {Points(difference.Difference)} points** "
                + $"(95 % interval {Interval(difference.Low, difference.High)}).",
            { High: < 0 } => $"**{difference.Arm} is behind {difference.Against} by {Points(-difference.Difference)} points** "
                + $"(95 % interval {Interval(-difference.High, -difference.Low)}).",
            _ => $"**this comparison does not tell {difference.Arm} and {difference.Against} apart**: the difference is "
                + $"{Signed(difference.Difference)} points, and its 95 % interval, "
                + $"{SignedInterval(difference.Low, difference.High)}, includes 0.",
        }) + means + (difference is { Decided: false } and ({ RowsLow: > 0 } or { RowsHigh: < 0 })
            ? $" For these very students alone it would be {SignedInterval(difference.RowsLow, difference.RowsHigh)}: what is "
                + "missing is seeds."
            : "");
    }

    private string FurtherFraction(ComparedDifference difference) =>
        $"With {Share(Arm(difference.Arm, difference.Fraction))} " + difference switch
        {
            { Low: > 0 } => $"{difference.Arm} is ahead by {Points(difference.Difference)} points "
                + $"({Interval(difference.Low, difference.High)}).",
            { High: < 0 } => $"{difference.Arm} is behind by {Points(-difference.Difference)} points "
                + $"({Interval(-difference.High, -difference.Low)}).",
            _ => $"the two are not told apart: {Signed(difference.Difference)} points "
                + $"({SignedInterval(difference.Low, difference.High)}).",
        };

    private void Cautions()
    {
        var cautions = new List<string>();
        var done = _report.Cells.Where(cell => cell.Fault is null).ToList();
        var failed = _report.Cells.Count - done.Count;
        var stuck = done.Count(cell => cell.Stuck);
        var seeds = _report.Arms.Select(arm => arm.Seeds.Count).Concat(_report.Differences.Select(one => one.Seeds.Count))
            .ToList();
        if (_report.Teacher is { } teacher)
        {
            var note = teacher.Note is null ? "" : $" {MarkdownTable.Escape(teacher.Note)}";
            cautions.Add(teacher.Simulated
                ? $"The teacher is **simulated** ({MarkdownTable.Escape(teacher.Name)}): a program that plays a language "
                    + $"model.{note} These numbers show how the method behaves on this task, not what a real teacher would give."
                : $"The teacher, {MarkdownTable.Escape(teacher.Name)}, answers {Percent(teacher.Accuracy)} of "
                    + (teacher.Rows == _report.Rows ? "the same" : $"the {Count(teacher.Rows)} rows it was asked about, of these")
                    + $" {Count(_report.Rows)} rows right.{note}");
        }

        if (failed > 0)
        {
            cautions.Add($"**{failed} of {_report.Cells.Count} runs failed** and {(failed == 1 ? "counts" : "count")} in no "
                + "mean; the reasons are below.");
        }

        if (stuck > 0)
        {
            cautions.Add($"**{stuck} of {Of(done.Count, "student")} {(stuck == 1 ? "is" : "are")} stuck**: not told from giving "
                + $"every row the same answer ({Percent(_report.Baseline)}). A mean over stuck and other seeds "
                + "describes neither; look at the single runs.");
        }

        if (seeds.Contains(1))
        {
            cautions.Add((seeds.All(count => count == 1) ? "One seed" : "Where only one seed is left")
                + ": an interval speaks of these very students and leaves out how much another seed would change. Three seeds "
                + "or more say something about the method.");
        }

        if (seeds.Contains(2))
        {
            cautions.Add("Two seeds say next to nothing about how much seeds matter, so their intervals are very wide. Three "
                + "narrow them by more than two thirds.");
        }

        if (_report.Split == "validation")
        {
            cautions.Add("These are validation rows, which also chose the weights to keep: every student looks a little "
                + "better than on fresh rows. Name a file of test rows in the recipe to be sure.");
        }

        if (_report.Differences.Count >= 5)
        {
            cautions.Add($"There are {_report.Differences.Count} differences below. An interval of 95 % misses once in twenty, "
                + "so do not pick the one that pleases.");
        }

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
        var table = new MarkdownTable("training rows:", "arm", "accuracy:", "95 % interval:", "seeds:", "lowest:", "highest:", "sd:", "stuck:");
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
                arm.Deviation is { } deviation ? Points(deviation) : "–",
                arm.Stuck == 0 ? "–" : $"{arm.Stuck} of {arm.Seeds.Count}");
        }

        if (_report.Teacher is { } teacher)
        {
            table.Add(
                "–", teacher.Simulated ? $"simulated teacher ({teacher.Name})" : $"teacher ({teacher.Name})",
                Percent(teacher.Accuracy), Percents(teacher.Low, teacher.High), "–", "–", "–", "–", "–");
        }

        table.Add("–", "without reading the input", Percent(_report.Baseline), "–", "–", "–", "–", "–", "–");
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
        var table = new MarkdownTable("training rows:", "arm", "against", "difference:", "95 % interval:", "these students:", "seeds ahead:", "told apart");
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
        string[] heads = ["training rows:", "arm", "seed:", "right:", "of:", "accuracy:", "unreadable:", "best step:", "remark"];
        var table = new MarkdownTable(withF1 ? [.. heads[..6], "macro-F1:", .. heads[6..]] : heads);
        foreach (var cell in _report.Cells
            .OrderBy(cell => cell.Fraction).ThenBy(cell => Order(cell.Arm)).ThenBy(cell => cell.Seed))
        {
            string[] cells =
            [
                Fraction(cell.Fraction),
                cell.Arm,
                cell.Seed.ToString(CultureInfo.InvariantCulture),
                Count(cell.Correct),
                Count(cell.Rows),
                cell.Accuracy is { } accuracy ? Percent(accuracy) : "–",
                Count(cell.Unreadable),
                Count(cell.BestStep),
                cell.Fault is not null ? "FAILED" : cell.Stuck ? "STUCK" : "",
            ];
            table.Add(withF1 ? [.. cells[..6], cell.MacroF1 is { } f1 ? Percent(f1) : "–", .. cells[6..]] : cells);
        }

        Line(table.ToString());
        foreach (var cell in _report.Cells.Where(cell => cell.Fault is not null))
        {
            Line($"- {new ComparisonCell(cell.Arm, cell.Fraction, cell.Seed)} failed: {MarkdownTable.Escape(cell.Fault!)}");
        }

        if (_report.Cells.Any(cell => cell.Fault is not null))
        {
            Line();
        }
    }

    private void Reading()
    {
        Line("## How to read this");
        Line();
        Line("- **Accuracy** is the share of rows answered right. An answer that is no label of the task is unreadable and "
            + "counts as wrong.");
        Line("- **An interval** holds the true value in about 95 of 100 repetitions with other rows of the same kind and, where "
            + "there are several seeds, other seeds. Differences are paired: each row is compared with itself, each seed with "
            + "the same seed.");
        Line("- **These students** is the narrower interval for the very students of these runs on other rows. Where it leaves "
            + "out 0 and the other one does not, more seeds would help; where both hold 0, more rows would too.");
        Line("- **Told apart: no** does not mean equal. It means that this many rows and seeds cannot say.");
        Line($"- **Without reading the input** is the commonest answer's share or, if higher, the chance of guessing among a "
            + $"row's choices: {Percent(_report.Baseline)}. **Stuck** is a student whose own interval reaches down to it.");
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
        table.Add("rows", $"{Count(_report.Rows)} {_report.Split} rows, SHA-256 {_report.RowsHash[..16]}…");
        foreach (var (name, hash) in origin.Data.OrderBy(pair => pair.Key, StringComparer.Ordinal))
        {
            table.Add($"data: {name}", hash.Length > 16 ? $"SHA-256 {hash[..16]}…" : hash);
        }

        foreach (var (name, version) in origin.Versions.OrderBy(pair => pair.Key, StringComparer.Ordinal))
        {
            table.Add(name, version);
        }

        table.Add("finished", origin.At.UtcDateTime.ToString("yyyy-MM-dd HH:mm 'UTC'", CultureInfo.InvariantCulture));
        if (origin.Command is { } command)
        {
            table.Add("command", $"`{command}`");
        }

        Line(table.ToString().TrimEnd());
    }

    // The question that the method stands or falls with, where it was asked; otherwise the last arm against the first.
    private (string Arm, string Against) HeadlinePair()
    {
        string[] arms = [.. _report.Arms.Select(arm => arm.Arm).Distinct().OrderBy(Order)];
        return arms.Contains(Arms.StepByStep) && arms.Contains(Arms.Finetune)
            ? (Arms.StepByStep, Arms.Finetune)
            : (arms[^1], arms[0]);
    }

    private ComparedArm Arm(string arm, double fraction) =>
        _report.Arms.Single(one => one.Arm == arm && one.Fraction == fraction);

    private static int Order(string arm) => Arms.All.ToList().IndexOf(arm);

    private void Line(FormattableString text) => Line(text.ToString(CultureInfo.InvariantCulture));

    private void Line(string text = "") => _text.Append(text).Append('\n');

    private static string Share(ComparedArm arm) => arm.Fraction == 1
        ? $"all {Count(arm.TrainingExamples)} training rows"
        : $"{Fraction(arm.Fraction)} of the training rows ({Count(arm.TrainingExamples)})";

    private static string Seeds(int count) => Of(count, "seed");

    private static string Of(int count, string thing) => $"{Count(count)} {thing}{(count == 1 ? "" : "s")}";

    private static string Count(int? count) => count?.ToString("N0", CultureInfo.InvariantCulture) ?? "–";

    private static string Fraction(double fraction) =>
        (fraction * 100).ToString("0.####", CultureInfo.InvariantCulture) + " %";

    private static string Percent(double share) => Fixed(share, 1) + " %";

    private static string Percents(double low, double high) => $"{Fixed(low, 1)} to {Fixed(high, 1)} %";

    private static string Points(double share) => Fixed(share, 1);

    private static string Interval(double low, double high)
    {
        var digits = Digits(low, high);
        return $"{Fixed(low, digits)} to {Fixed(high, digits)}";
    }

    private static string Signed(double share) => Sign(share, 1);

    private static string SignedInterval(double low, double high)
    {
        var digits = Digits(low, high);
        return $"{Sign(low, digits)} to {Sign(high, digits)}";
    }

    // An end that is not 0 must not read as 0.0, or the sentence beside it would seem wrong.
    private static int Digits(double low, double high)
    {
        var digits = 1;
        while (digits < 4 && new[] { low, high }.Any(end => end != 0 && Math.Round(Math.Abs(end) * 100, digits) == 0))
        {
            digits++;
        }

        return digits;
    }

    private static string Sign(double share, int digits)
    {
        var text = Fixed(Math.Abs(share), digits);
        return share == 0 || text.All(c => c is '0' or '.') ? text : (share < 0 ? "−" : "+") + text;
    }

    private static string Fixed(double share, int digits) =>
        (share * 100).ToString("F" + digits, CultureInfo.InvariantCulture).Replace('-', '−');
}
