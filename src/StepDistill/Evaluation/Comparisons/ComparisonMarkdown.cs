using System.Globalization;
using System.Text;
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
        page.Gates();
        page.Accuracies();
        page.Differences();
        page.Standings();
        page.Curves();
        page.Rationales();
        page.Labels();
        page.Costs();
        page.Runs();
        page.Reading();
        page.Origin();
        return page._text.ToString();
    }

    public static string WriteBeginning(ComparisonReport report)
    {
        var page = new ComparisonMarkdown(report);
        page.Summary();
        page.Gates();
        page.Accuracies();
        return page._text.ToString();
    }

    private bool HasVariants => _report.Variants.Count > 1;

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

    private void Gates()
    {
        if (_report.Gates.Count > 0)
        {
            Line("Gates:");
            Line();
            _report.Gates.ToList().ForEach(gate => Line(
                $"- {(gate.Met ? "met" : "**not met**")}: `{MarkdownTable.Escape(gate.Condition)}`. {MarkdownTable.Escape(gate.Reason)}"));
            Line();
        }
    }

    private void Accuracies()
    {
        Line("## Accuracy");
        Line();
        var (f1, calibration, overlap) = (
            _report.Arms.Any(arm => arm.MacroF1 is not null),
            _report.Arms.Any(arm => arm.CalibrationError is not null),
            _report.Arms.Any(arm => arm.RationaleOverlap is not null));
        var table = new MarkdownTable(Columns(
            "training rows:", "student", "arm", "accuracy:", "95 % interval:", "seeds:", "lowest:", "highest:", "sd:", "stuck:",
            "macro-F1:", "calibration error:", "ROUGE-L:"));
        foreach (var arm in _report.Arms)
        {
            table.Add(Columns(
                $"{Count(arm.TrainingExamples)} ({Fraction(arm.Fraction)})",
                Name(arm.Variant),
                arm.Arm,
                Percent(arm.Accuracy),
                Percents(arm.Low, arm.High),
                arm.Failed == 0 ? Count(arm.Seeds.Count) : $"{arm.Seeds.Count} ({arm.Failed} failed)",
                Percent(arm.Lowest),
                Percent(arm.Highest),
                arm.Deviation is { } deviation ? Points(deviation) : None,
                arm.Stuck == 0 ? None : $"{arm.Stuck} of {arm.Seeds.Count}",
                Percent(arm.MacroF1),
                Percent(arm.CalibrationError),
                Percent(arm.RationaleOverlap)));
        }

        if (_report.Teacher is { } teacher)
        {
            table.Add(Columns(
                None,
                None,
                teacher.Simulated ? $"simulated teacher ({teacher.Name})" : $"teacher ({teacher.Name})",
                Percent(teacher.Accuracy),
                Percents(teacher.Low, teacher.High),
                None, None, None, None, None, None, None, None));
        }

        table.Add(Columns(None, None, "without reading the input", Percent(_report.Baseline), None, None, None, None, None, None, None, None, None));
        Line(table.ToString());

        string[] Columns(
            string rows, string student, string arm, string accuracy, string interval, string seeds, string lowest, string highest,
            string deviation, string stuck, string macroF1, string calibrationError, string rationaleOverlap) =>
        [
            rows, .. Where(HasVariants, student), arm, accuracy, interval, seeds, lowest, highest, deviation, stuck,
            .. Where(f1, macroF1), .. Where(calibration, calibrationError), .. Where(overlap, rationaleOverlap),
        ];
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
            "training rows:", "arm", "against", "difference:", "95 % interval:", "p:", "corrected p:", "told apart", "these students:",
            "McNemar p:", "seeds ahead:", "detectable:");
        foreach (var one in _report.Differences)
        {
            table.Add(
                Fraction(one.Fraction),
                Named(one.Arm, one.Variant),
                one.Arm == one.Against ? Name(one.AgainstVariant) : one.Against,
                Signed(one.Difference),
                SignedInterval(one.Low, one.High),
                PValue(one.PValue),
                PValue(one.AdjustedPValue),
                !one.Decided ? "no, 0 is inside" : one.AdjustedPValue < 0.05 ? "yes" : "not after correction",
                SignedInterval(one.RowsLow, one.RowsHigh),
                PValue(one.McNemar),
                $"{one.BySeed.Count(difference => difference > 0)} of {one.Seeds.Count}",
                Detectable(one.Detectable));
        }

        Line(table.ToString());
    }

    private void Standings()
    {
        if (_report.Standings.Count == 0)
        {
            return;
        }

        Line($"## May the student replace the teacher? Margin: {Points(_report.Standings[0].Margin)} points");
        Line();
        var table = new MarkdownTable("arm", "training rows:", "difference:", "95 % interval:", "p:", "not worse by more than the margin");
        foreach (var one in _report.Standings)
        {
            table.Add(
                Named(one.Arm, one.Variant), Fraction(one.Fraction), Signed(one.Difference), SignedInterval(one.Low, one.High),
                PValue(one.PValue), one.NonInferior ? "yes" : one.High < -one.Margin ? "no, it is worse" : "not shown");
        }

        Line(table.ToString());
    }

    private void Curves()
    {
        if (_report.Curves.Count == 0)
        {
            return;
        }

        Line("## Learning curves");
        Line();
        foreach (var axis in _report.Curves.GroupBy(curve => curve.Axis))
        {
            var table = new MarkdownTable("arm", $"{axis.Key}:", "accuracy:", "95 % interval:", "fitted law");
            foreach (var curve in axis)
            {
                foreach (var (point, place) in curve.Points.Select((point, place) => (point, place)))
                {
                    table.Add(
                        Named(curve.Arm, curve.Variant), About(point.X), Percent(point.Accuracy), Percents(point.Low, point.High),
                        place == 0 ? $"{curve.Law ?? None}{(curve.Fits ? "" : " (does not fit)")}" : "");
                }
            }

            Line(table.ToString());
        }

        if (_report.Savings.Count > 0)
        {
            _report.Savings.ToList().ForEach(saving => Line($"- {(HasVariants && saving.Variant.Length > 0 ? $"{saving.Variant}: " : "")}{SavingWords.Of(saving)}"));
            Line();
        }
    }

    private void Rationales()
    {
        if (_report.Rationales is not { } reasons)
        {
            return;
        }

        Line("## The teacher's reasons");
        Line();
        var table = new MarkdownTable("what", "value:");
        table.Add("training rows looked at", Count(reasons.Rows));
        table.Add("words of a rationale (median)", About(reasons.Words));
        table.Add("write out their own label", Percent(reasons.NamesOwnLabel));
        table.Add("write out another label and not their own", Percent(reasons.NamesOnlyOtherLabel));
        table.Add(
            "label told from the rationale alone (words)",
            reasons.LabelFromRationale is null ? None
                : $"{Percent(reasons.LabelFromRationale)} ({Percents(reasons.LabelFromRationaleLow ?? 0, reasons.LabelFromRationaleHigh ?? 1)})");
        table.Add("label told from the input alone (words)", Percent(reasons.LabelFromInput));
        table.Add("commonest label", Percent(reasons.CommonestLabel));
        if (reasons.Judgement is { } judged)
        {
            table.Add($"judge {judged.Judge} prefers the student's rationale", $"{judged.PrefersStudent} of {judged.Rows}");
            table.Add($"judge {judged.Judge} prefers the teacher's", $"{judged.PrefersTeacher} of {judged.Rows}");
            table.Add($"judge {judged.Judge} is undecided", $"{judged.Undecided} of {judged.Rows}{(judged.Unanswered > 0 ? $" ({judged.Unanswered} requests unanswered)" : "")}");
        }

        Line(table.ToString());
    }

    private void Labels()
    {
        var whole = _report.Arms.Where(arm => arm.ByLabel is not null && arm.Fraction == _report.Arms.Max(one => one.Fraction)).ToList();
        if (whole.Count == 0)
        {
            return;
        }

        Line("## By label, with the largest share of the rows");
        Line();
        var table = new MarkdownTable(
            ["arm", "label", "rows:", "precision:", "recall:", "F1:", .. _report.Labels!.Select(label => $"said {label}:"), "unreadable:"]);
        foreach (var arm in whole)
        {
            foreach (var (label, place) in arm.ByLabel!.Select((label, place) => (label, place)))
            {
                table.Add([
                    Named(arm.Arm, arm.Variant), label.Label, Count(label.Rows), Percent(label.Precision), Percent(label.Recall), Percent(label.F1),
                    .. arm.Confusion![place].Select(count => Count(count))]);
            }
        }

        Line(table.ToString());
    }

    private void Costs()
    {
        if (_report.Costs is not { } costs)
        {
            return;
        }

        Line("## What answers cost");
        Line();
        var table = new MarkdownTable("what", "dollars:", "where that comes from");
        table.Add("a thousand of the teacher's answers", Dollars(costs.TeacherPerThousand), costs.TeacherNote);
        table.Add("a thousand of the student's answers", Dollars(costs.StudentPerThousand), costs.StudentNote);
        table.Add("annotating the rows", Dollars(costs.Annotating), None);
        table.Add("training one student", Dollars(costs.Training), None);
        Line(table.ToString());
        if (costs.PaidAfter is { } answers)
        {
            Line($"Distilling has paid after {About(answers)} answers.");
            Line();
        }
    }

    private void Runs()
    {
        Line("## Every run");
        Line();
        var withF1 = _report.Cells.Any(cell => cell.MacroF1 is not null);
        string[] f1Head = withF1 ? ["macro-F1:"] : [];
        var table = new MarkdownTable([
            "training rows:", "arm", "seed:", "right:", "of:", "accuracy:", .. f1Head, "unreadable:", "best step:", "validation:",
            "run", "identity", "trained by", "remark"]);
        foreach (var cell in
            from cell in _report.Cells
            orderby _report.Variants.ToList().FindIndex(variant => variant.Name == cell.Variant), cell.Fraction,
                ComparisonArms.All.ToList().IndexOf(cell.Arm), cell.Seed
            select cell)
        {
            string[] f1 = withF1 ? [Percent(cell.MacroF1)] : [];
            table.Add([
                Fraction(cell.Fraction),
                Named(cell.Arm, cell.Variant),
                cell.Seed.ToString(CultureInfo.InvariantCulture),
                Count(cell.Correct),
                Count(cell.Rows),
                Percent(cell.Accuracy),
                .. f1,
                Count(cell.Unreadable),
                Count(cell.BestStep),
                Percent(cell.ValidationScore),
                cell.Run.Length == 0 ? None : cell.Run,
                cell.Identity is { Length: > 12 } identity ? identity[..12] : cell.Identity ?? None,
                cell.TrainedBy is { Length: > 16 } version ? version[..16] : cell.TrainedBy ?? None,
                cell.Fault is not null ? "FAILED" : cell.Stuck ? "STUCK" : ""]);
        }

        Line(table.ToString());
        var failed = _report.Cells.Where(cell => cell.Fault is not null).ToList();
        foreach (var cell in failed)
        {
            var name = new ComparisonCell(cell.Arm, cell.Fraction, cell.Seed, cell.Variant);
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
        Line("- **p** is how often chance in rows and seeds alone would show such a difference; **corrected p** is the same with the "
            + "number of differences in this report taken into account (Holm). **McNemar p** speaks of these very students, like "
            + "the interval beside it.");
        Line("- **Told apart: no** does not mean equal. It means that this many rows and seeds cannot say; **detectable** is the "
            + "smallest difference that they would have shown four times in five.");
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

    private static string[] Where(bool shown, string column) => shown ? [column] : [];

    private static string Name(string variant) => variant.Length == 0 ? "as in the recipe" : variant;

    private static string Named(string arm, string variant) => variant.Length == 0 ? arm : $"{arm} ({variant})";

    private static string Hash(string hash) => hash.Length > 16 ? $"SHA-256 {hash[..16]}…" : hash;

    private void Line(string text = "") => _text.Append(text).Append('\n');
}
