using System.Globalization;

namespace StepDistill.Inference.Cascades;

/// <summary>A threshold, what it promises, and what it did on the rows that it was chosen on.</summary>
/// <remarks>
/// The promise holds where new rows come from where these came from, and where nothing was chosen by these rows before: not the
/// weights, not the calibration. Rows that chose the weights make it a little too good.
/// </remarks>
public sealed record CascadePlan
{
    /// <summary>What was asked for.</summary>
    public required CascadeTarget Target { get; init; }

    /// <summary>When the student answers; null where the target cannot be promised.</summary>
    public required CascadeRule? Rule { get; init; }

    /// <summary>Rows that it was chosen on.</summary>
    public required int Rows { get; init; }

    /// <summary>Rows left out, since the large model was never asked about them; they must be missing by chance.</summary>
    public int RowsLeftOut { get; init; }

    /// <summary>The share of the rows that the student answers, from 0 to 1. Without a rule: 0.</summary>
    public double AnsweredShare { get; init; }

    /// <summary>The cascade's accuracy on the rows, from 0 to 1; null without a rule, or where the large model's answers are not known.</summary>
    public double? ExpectedAccuracy { get; init; }

    /// <summary>The student's accuracy on what it answers, from 0 to 1; null where it answers nothing.</summary>
    public double? ExpectedAccuracyAmongAnswered { get; init; }

    /// <summary>The student's accuracy on all rows, from 0 to 1.</summary>
    public double StudentAlone { get; init; }

    /// <summary>The large model's accuracy on all rows, from 0 to 1; null where it is not known.</summary>
    public double? LargeAlone { get; init; }

    /// <summary>The share of the rows that goes to the large model, from 0 to 1.</summary>
    public double LargeShare => 1 - AnsweredShare;

    /// <summary>Whether there is a rule that keeps the promise.</summary>
    public bool IsMet => Rule is not null;

    /// <summary>What is promised, or why nothing can be, in a sentence or two.</summary>
    public string Summary { get; init; } = "";

    /// <summary>Chooses a threshold.</summary>
    /// <param name="rows">Rows whose right answer is known.</param>
    /// <param name="target">What to promise.</param>
    /// <exception cref="StepDistillException">A number of the target is outside its range, or there are no rows that it can be chosen on.</exception>
    public static CascadePlan From(IReadOnlyList<CascadeRow> rows, CascadeTarget target)
    {
        target.Check();
        var used = UsedRows(rows, target);
        var points = CascadeCurve.Of(used, target.FamiliarityFloor);
        var threshold = target.Goal switch
        {
            CascadeGoal.Accuracy => ThresholdSearch.ForAccuracy(points, target),
            CascadeGoal.AccuracyAmongAnswered => ThresholdSearch.ForAccuracyAmongAnswered(points, target),
            _ => ThresholdSearch.ForLargeShare(points, target),
        };
        var point = points.Last(one => one.Threshold >= (threshold ?? CascadeRule.Never));
        var plan = new CascadePlan
        {
            Target = target,
            Rule = threshold is { } least ? new(least, target.FamiliarityFloor) : null,
            Rows = used.Count,
            RowsLeftOut = rows.Count - used.Count,
            AnsweredShare = point.AnsweredShare,
            ExpectedAccuracy = threshold is null ? null : point.Accuracy,
            ExpectedAccuracyAmongAnswered = point.AccuracyAmongAnswered,
            StudentAlone = (double)used.Count(row => row.StudentRight) / used.Count,
            LargeAlone = points[0].Accuracy,
        };
        return plan with { Summary = plan.IsMet ? plan.Promise() : plan.Refusal(points) };
    }

    private static IReadOnlyList<CascadeRow> UsedRows(IReadOnlyList<CascadeRow> rows, CascadeTarget target)
    {
        if (rows.Any(row => !(row.Confidence is >= 0 and <= 1)))
        {
            throw new StepDistillException("A row's confidence is not from 0 to 1, so no threshold can be set on it. Export the student again.");
        }

        if (target.FamiliarityFloor > 0 && rows.All(row => row.Familiarity is null))
        {
            throw new StepDistillException(
                "A least familiarity is asked for, but the student cannot say how familiar an input is: its folder holds no "
                + "calibration for that. Export it again, or leave the least familiarity out.");
        }

        IReadOnlyList<CascadeRow> used = target.Goal == CascadeGoal.Accuracy ? [.. rows.Where(row => row.LargeRight is not null)] : rows;
        return used.Count > 0 ? used : throw new StepDistillException(rows.Count == 0
            ? "There are no rows with a known right answer, so no threshold can be chosen. Name validation rows with gold labels."
            : $"The large model has answered none of the {rows.Count:N0} rows, so the accuracy of the whole cannot be promised. Let it "
                + "annotate the validation rows, or promise the accuracy among the student's own answers.");
    }

    private string Promise()
    {
        var (what, bound) = Target.Goal switch
        {
            CascadeGoal.Accuracy => ("of the answers are right", "At least"),
            CascadeGoal.AccuracyAmongAnswered => ("of the student's answers are right", "At least"),
            _ => ("of the rows go to the large model", "At most"),
        };
        return $"{bound} {Share(Target.Value)} {what} {Where()}, in {Share(1 - Target.Delta)} of such choices. Of {Number(Rows)} rows the "
            + $"student answers {Share(AnsweredShare)}.";
    }

    private string Refusal(IReadOnlyList<CascadePoint> points)
    {
        var all = points[^1];
        if (Target.Goal == CascadeGoal.LargeShare)
        {
            var least = PromiseTest.Needed(Rows, 1 - Target.Value, Target.Delta, Target.FutureRows);
            return $"{Share(Target.Value)} cannot be promised {Where()}: of {Number(Rows)} rows the student would have to answer "
                + $"{(least is { } some ? Number(some) : "more than all")}, and its familiarity floor leaves it {Number(all.Answered)}.";
        }

        if (Target.Goal == CascadeGoal.AccuracyAmongAnswered)
        {
            var sure = points.Where(point => point.Answered >= Math.Min(30, all.Answered)).MaxBy(point => point.AccuracyAmongAnswered);
            return $"{Share(Target.Value)} cannot be promised {Where()}. The student is right in {Share(all.AccuracyAmongAnswered ?? 0)} of all "
                + $"{Number(all.Answered)} rows that it may answer, and at best in {Share(sure.AccuracyAmongAnswered ?? 0)} of its "
                + $"{Number(sure.Answered)} surest. More rows make less of a margin necessary.";
        }

        var needed = ThresholdSearch.Needed(Rows, Target);
        var best = points.MaxBy(point => point.Right);
        return $"{Share(Target.Value)} cannot be promised {Where()}. "
            + (needed is { } right
                ? $"At least {Share((double)right / Rows)} of the {Number(Rows)} rows would have to be right; "
                : $"{Number(Rows)} rows are too few for it, were all of them right; ")
            + $"the large model alone is right in {Share(LargeAlone ?? 0)}, the student alone in {Share(StudentAlone)}, the best mixture of both in "
            + $"{Share(best.Accuracy ?? 0)}.";
    }

    private string Where() => (Target.Goal, Target.FutureRows) switch
    {
        (_, null) => "in the long run",
        (CascadeGoal.AccuracyAmongAnswered, { } rows) => $"among the next {Number(rows)} that it answers",
        (_, { } rows) => $"on the next {Number(rows)} rows",
    };

    private static string Share(double share) => share.ToString("P1", CultureInfo.InvariantCulture);

    private static string Number(int number) => number.ToString("N0", CultureInfo.InvariantCulture);
}
