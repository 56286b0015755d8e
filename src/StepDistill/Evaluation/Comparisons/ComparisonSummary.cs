using StepDistill.Recipes;
using static StepDistill.Evaluation.Comparisons.ReportNumbers;

namespace StepDistill.Evaluation.Comparisons;

/// <summary>What the numbers of a report allow to say in words, and what weakens it.</summary>
internal sealed class ComparisonSummary(ComparisonReport report)
{
    /// <summary>
    /// The first paragraph: the question that matters, at the largest fraction and then at smaller ones.
    /// </summary>
    public string Paragraph()
    {
        var (arm, against) = Pair();
        var differences = report.Differences
            .Where(one => one.Arm == arm && one.Against == against)
            .OrderByDescending(one => one.Fraction).ToList();
        return differences.Count == 0
            ? OneArm()
            : string.Join(" ", [Headline(differences[0]), .. differences.Skip(1).Select(FurtherFraction)]);
    }

    /// <summary>What readers must keep in mind, one sentence or two each; empty where there is nothing.</summary>
    public IEnumerable<string> Cautions() =>
        Teacher().Concat(Failures()).Concat(Stuck()).Concat(Seeds()).Concat(Validation()).Concat(Many());

    // The question that the method stands or falls with, where it was asked; otherwise the last arm against the first.
    private (string Arm, string Against) Pair()
    {
        string[] arms = [.. Arms.All.Where(arm => report.Arms.Any(one => one.Arm == arm))];
        return arms.Contains(Arms.StepByStep) && arms.Contains(Arms.Finetune)
            ? (Arms.StepByStep, Arms.Finetune)
            : (arms[^1], arms[0]);
    }

    private string OneArm()
    {
        var best = report.Arms.MaxBy(one => one.Fraction)!;
        return $"**{best.Arm} answers {Percent(best.Accuracy)} of {Count(report.Rows)} {report.Split} rows right** "
            + $"(95 % interval {Percents(best.Low, best.High)}; {Of(best.Seeds.Count, "seed")}), "
            + $"learnt from {Share(best)}. There is no other arm here to compare it with.";
    }

    private string Headline(ComparedDifference difference)
    {
        var one = Arm(difference.Arm, difference.Fraction);
        var other = Arm(difference.Against, difference.Fraction);
        var where = $"On {Count(report.Rows)} {report.Split} rows of the task {report.Task}, "
            + $"with {Of(difference.Seeds.Count, "seed")} and {Share(one)}, ";
        var verdict = difference switch
        {
            { Low: > 0 } =>
                $"**{one.Arm} is ahead of {other.Arm} by {Points(difference.Difference)} points** "
                + $"(95 % interval {Interval(difference.Low, difference.High)}).",
            { High: < 0 } =>
                $"**{one.Arm} is behind {other.Arm} by {Points(-difference.Difference)} points** "
                + $"(95 % interval {Interval(-difference.High, -difference.Low)}).",
            _ =>
                $"**this comparison does not tell {one.Arm} and {other.Arm} apart**: the difference is "
                + $"{Signed(difference.Difference)} points, and its 95 % interval, "
                + $"{SignedInterval(difference.Low, difference.High)}, includes 0.",
        };
        // With other seeds, the means would not have this difference.
        var means = difference.Seeds.Count == one.Seeds.Count && difference.Seeds.Count == other.Seeds.Count
            ? $" {one.Arm} has {Percent(one.Accuracy)} right, {other.Arm} {Percent(other.Accuracy)}."
            : "";
        var seeds = difference is { Decided: false } and ({ RowsLow: > 0 } or { RowsHigh: < 0 })
            ? " For these very students alone it would be "
                + $"{SignedInterval(difference.RowsLow, difference.RowsHigh)}: what is missing is seeds."
            : "";
        return where + verdict + means + seeds;
    }

    private string FurtherFraction(ComparedDifference difference) =>
        $"With {Share(Arm(difference.Arm, difference.Fraction))} " + difference switch
        {
            { Low: > 0 } =>
                $"{difference.Arm} is ahead by {Points(difference.Difference)} points "
                + $"({Interval(difference.Low, difference.High)}).",
            { High: < 0 } =>
                $"{difference.Arm} is behind by {Points(-difference.Difference)} points "
                + $"({Interval(-difference.High, -difference.Low)}).",
            _ =>
                $"the two are not told apart: {Signed(difference.Difference)} points "
                + $"({SignedInterval(difference.Low, difference.High)}).",
        };

    private IEnumerable<string> Teacher()
    {
        if (report.Teacher is not { } teacher)
        {
            yield break;
        }

        var name = MarkdownTable.Escape(teacher.Name);
        var note = teacher.Note is null ? "" : $" {MarkdownTable.Escape(teacher.Note)}";
        var rows = teacher.Rows == report.Rows
            ? $"the same {Count(report.Rows)} rows"
            : $"the {Count(teacher.Rows)} of these {Count(report.Rows)} rows that it was asked about";
        yield return teacher.Simulated
            ? $"The teacher is **simulated** ({name}): a program that plays a language model.{note} These numbers show "
                + "how the method behaves on this task, not what a real teacher would give."
            : $"The teacher, {name}, answers {Percent(teacher.Accuracy)} of {rows} right.{note}";
    }

    private IEnumerable<string> Failures()
    {
        var failed = report.Cells.Count(cell => cell.Fault is not null);
        if (failed > 0)
        {
            yield return $"**{failed} of {Of(report.Cells.Count, "run")} failed** and "
                + $"{(failed == 1 ? "counts" : "count")} in no mean; the reasons are below.";
        }
    }

    private IEnumerable<string> Stuck()
    {
        var done = report.Cells.Count(cell => cell.Fault is null);
        var stuck = report.Cells.Count(cell => cell.Stuck);
        if (stuck > 0)
        {
            yield return $"**{stuck} of {Of(done, "student")} {(stuck == 1 ? "is" : "are")} stuck**: not told from "
                + $"giving every row the same answer ({Percent(report.Baseline)}). A mean over stuck and other seeds "
                + "describes neither; look at the single runs.";
        }
    }

    private IEnumerable<string> Seeds()
    {
        int[] counts =
            [.. report.Arms.Select(arm => arm.Seeds.Count), .. report.Differences.Select(one => one.Seeds.Count)];
        if (counts.Contains(1))
        {
            yield return (counts.All(count => count == 1) ? "One seed" : "Where only one seed is left")
                + ": an interval speaks of these very students and leaves out how much another seed would change. "
                + "Three seeds or more say something about the method.";
        }

        if (counts.Contains(2))
        {
            yield return "Two seeds say next to nothing about how much seeds matter, so their intervals are very wide. "
                + "Three narrow them by more than two thirds.";
        }
    }

    private IEnumerable<string> Validation()
    {
        if (report.Split == "validation")
        {
            yield return "These are validation rows, which also chose the weights to keep: every student looks a "
                + "little better than on fresh rows. Name a file of test rows in the recipe to be sure.";
        }
    }

    private IEnumerable<string> Many()
    {
        if (report.Differences.Count >= 5)
        {
            yield return $"There are {report.Differences.Count} differences below. An interval of 95 % misses once in "
                + "twenty, so do not pick the one that pleases.";
        }
    }

    private ComparedArm Arm(string arm, double fraction) =>
        report.Arms.First(one => one.Arm == arm && one.Fraction == fraction);
}
