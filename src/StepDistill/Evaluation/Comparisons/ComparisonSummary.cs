using StepDistill.Evaluation.Statistics;
using StepDistill.Recipes;
using static StepDistill.Evaluation.Comparisons.ReportNumbers;

namespace StepDistill.Evaluation.Comparisons;

/// <summary>What the numbers of a report allow to say in words, and what weakens it.</summary>
internal sealed class ComparisonSummary(ComparisonReport report)
{
    /// <summary>
    /// The first paragraph: the question that matters, at the largest share and size and then at smaller shares; whether it
    /// was the reasons; whether the student may replace the teacher; and what was saved.
    /// </summary>
    public string Paragraph()
    {
        var (arm, against) = Pair();
        var differences = Between(arm, against).OrderByDescending(one => one.Fraction).ToList();
        return differences.Count == 0
            ? OneArm()
            : string.Join(" ", [Headline(differences[0]), .. differences.Skip(1).Select(FurtherFraction), .. Control(arm), .. Standing(arm), .. Saving(arm, against)]);
    }

    /// <summary>What readers must keep in mind, one sentence or two each; empty where there is nothing.</summary>
    public IEnumerable<string> Cautions() =>
        Teacher().Concat(Failures()).Concat(Stuck()).Concat(Unreadable()).Concat(Misfits()).Concat(NoControl()).Concat(Seeds()).Concat(Validation()).Concat(Many());

    /// <summary>The size and setting that sentences are about: the largest student.</summary>
    private string Variant => report.Variants.Count == 0 ? "" : report.Variants[^1].Name;

    private IEnumerable<ComparedDifference> Between(string arm, string against) => report.Differences
        .Where(one => (one.Arm, one.Against, one.Variant) == (arm, against, Variant) && (one.AgainstVariant == Variant || against == ComparedDifference.Teacher));

    // The question that the method stands or falls with, where it was asked; otherwise the last arm against the first.
    private (string Arm, string Against) Pair()
    {
        string[] arms = [.. ComparisonArms.All.Where(arm => report.Arms.Any(one => one.Arm == arm))];
        return arms.Contains(Arms.StepByStep) && arms.Contains(Arms.Finetune)
            ? (Arms.StepByStep, Arms.Finetune)
            : (arms[^1], arms[0]);
    }

    private IEnumerable<string> Control(string arm)
    {
        foreach (var control in ComparisonArms.All.Where(ComparisonArms.IsControl))
        {
            if (arm == Arms.StepByStep && Between(arm, control).MaxBy(one => one.Fraction) is { } difference)
            {
                var (what, interval) = (control.Replace('-', ' '), SignedInterval(difference.Low, difference.High));
                yield return difference switch
                {
                    { Decided: true } when !IsUpheld(difference) =>
                        $"Students with {what} are {Points(Math.Abs(difference.Difference))} points {(difference.Low > 0 ? "behind" : "ahead of")} it ({interval}); "
                        + $"{NotUpheld(difference)}, so **little here shows whether the reasons themselves matter**.",
                    { Low: > 0 } => $"It is {Points(difference.Difference)} points ahead of students with {what} as well ({interval}), so the reasons themselves help{Without(control, difference.Fraction)}.",
                    { High: < 0 } => $"But students with {what} are {Points(-difference.Difference)} points ahead of it ({interval}), so it was not the reasons that helped.",
                    _ => $"Students with {what} are not told from it ({Signed(difference.Difference)} points, {interval}), so **nothing here shows that the reasons themselves matter**.",
                };
            }
        }
    }

    /// <summary>What spoilt reasons already gain, as more text to learn from; reasons cannot take the credit for it.</summary>
    private string Without(string control, double fraction) =>
        Between(control, Arms.Finetune).FirstOrDefault(one => one.Fraction == fraction) is { Low: > 0 } gain && IsUpheld(gain)
            ? $", though not alone: those students are {Points(gain.Difference)} points ahead of {Arms.Finetune} ({SignedInterval(gain.Low, gain.High)})"
            : "";

    private IEnumerable<string> Standing(string arm)
    {
        if (report.Standings.FirstOrDefault(one => one.Arm == arm && one.Variant == Variant) is { } standing)
        {
            var (margin, interval) = (Points(standing.Margin), SignedInterval(standing.Low, standing.High));
            yield return standing switch
            {
                { NonInferior: true } => $"**The student may replace the teacher**: it is not worse by more than {margin} points ({Signed(standing.Difference)}, {interval}).",
                { High: < 0 } => $"The student does not reach the teacher: {Signed(standing.Difference)} points ({interval}).",
                _ => $"Whether the student may replace the teacher these rows and seeds cannot say: {Signed(standing.Difference)} points ({interval}), and the margin is {margin}.",
            };
        }
    }

    private IEnumerable<string> Saving(string arm, string against)
    {
        // A law that misses its own points foretells nothing.
        if (report.Savings.FirstOrDefault(one => (one.Arm, one.Against, one.Variant, one.Axis) == (arm, against, Variant, ComparedCurve.Rows)) is { } saving
            && report.Curves.Any(curve => (curve.Arm, curve.Variant, curve.Axis, curve.Fits) == (arm, Variant, ComparedCurve.Rows, true)))
        {
            yield return SavingWords.Of(saving);
        }
    }

    private string OneArm()
    {
        var best = report.Arms.Where(one => one.Variant == Variant).MaxBy(one => one.Fraction) ?? report.Arms.MaxBy(one => one.Fraction)!;
        return $"**{best.Arm} answers {Percent(best.Accuracy)} of {Count(report.Rows)} {report.Split} rows right** "
            + $"(95 % interval {Percents(best.Low, best.High)}; {Of(best.Seeds.Count, "seed")}), "
            + $"learnt from {Share(best)}. There is no other arm here to compare it with.";
    }

    private string Headline(ComparedDifference difference)
    {
        var one = Arm(difference.Arm, difference.Fraction);
        var other = Arm(difference.Against, difference.Fraction);
        var where = $"On {Count(report.Rows)} {report.Split} rows of the task {report.Task}, "
            + $"with {Of(difference.Seeds.Count, "seed")} and {Share(one)}{(Variant.Length == 0 ? "" : $", for {Variant}")}, ";
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
        var corrected = difference.Decided && !IsUpheld(difference) ? $" Taken as one of many, {NotUpheld(difference)}." : "";
        return where + verdict + means + corrected + seeds;
    }

    /// <summary>Whether a difference stands when the number of comparisons is taken into account.</summary>
    private static bool IsUpheld(ComparedDifference difference) => difference.AdjustedPValue < 1 - ConfidenceInterval.Level;

    private string NotUpheld(ComparedDifference difference) =>
        $"that is not upheld by the correction for {report.Differences.Count} comparisons (p {PValue(difference.PValue)}, corrected {PValue(difference.AdjustedPValue)})";

    private string FurtherFraction(ComparedDifference difference) =>
        $"With {Share(Arm(difference.Arm, difference.Fraction))} " + difference switch
        {
            { Low: > 0 } =>
                $"{difference.Arm} is ahead by {Points(difference.Difference)} points "
                + $"({Interval(difference.Low, difference.High)}){Doubt(difference)}.",
            { High: < 0 } =>
                $"{difference.Arm} is behind by {Points(-difference.Difference)} points "
                + $"({Interval(-difference.High, -difference.Low)}){Doubt(difference)}.",
            _ =>
                $"the two are not told apart: {Signed(difference.Difference)} points "
                + $"({SignedInterval(difference.Low, difference.High)}).",
        };

    private string Doubt(ComparedDifference difference) => IsUpheld(difference) ? "" : $"; {NotUpheld(difference)}";

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

    private IEnumerable<string> Unreadable()
    {
        string[] arms = [.. report.Arms.Where(arm => arm.Unreadable > 0.5).Select(arm => arm.Arm).Distinct()];
        if (arms.Length > 0)
        {
            yield return $"**Most answers of {string.Join(", ", arms)} are no label of the task** and count as wrong. Either it has not learnt the form "
                + "of an answer, or its answers are cut off: evaluation.max_tokens and batches.max_target_tokens must leave room for them.";
        }
    }

    private IEnumerable<string> Misfits()
    {
        string[] arms = [.. report.Curves.Where(curve => !curve.Fits).Select(curve => curve.Arm).Distinct()];
        if (arms.Length > 0)
        {
            yield return $"The points of {string.Join(", ", arms)} lie on no power law, as where a student begins to learn all of a sudden: what their "
                + "curves say about the rows that are needed is a guess.";
        }
    }

    private IEnumerable<string> NoControl()
    {
        if (report.Arms.Any(one => one.Arm == Arms.StepByStep) && !report.Arms.Any(one => ComparisonArms.IsControl(one.Arm)))
        {
            yield return "No control was trained: without students that learn from shuffled reasons (the arm shuffled-rows) "
                + "nobody can say whether the reasons themselves matter.";
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
                + "twenty, so do not pick the one that pleases: go by the p-value that is corrected for their number.";
        }
    }

    private ComparedArm Arm(string arm, double fraction) =>
        report.Arms.Single(one => one.Arm == arm && one.Fraction == fraction && one.Variant == Variant);
}
