using System.Globalization;
using System.Text.Json.Nodes;
using StepDistill.Inference.Cascades;

namespace StepDistill.Cli.Rendering;

/// <summary>Cascades as tables and as objects.</summary>
internal static class CascadeText
{
    /// <summary>Points of a curve that are shown.</summary>
    private const int Shown = 11;

    /// <summary>Writes a few points of a curve as a table, and marks the chosen one.</summary>
    /// <param name="points">The whole curve.</param>
    /// <param name="plan">What was chosen.</param>
    public static IEnumerable<string> Table(IReadOnlyList<CascadePoint> points, CascadePlan plan)
    {
        var chosen = plan.Rule is { } rule ? points.Last(point => point.Threshold >= rule.Threshold) : (CascadePoint?)null;
        var shown = CascadeCurve.Thin(points, Shown).Append(chosen ?? points[0]).Distinct().OrderByDescending(point => point.Threshold);
        return TextTable.Lines(
            ["threshold", "student answers", "right of those", "right of all", ""],
            shown.Select(point => new[]
            {
                point.Threshold == CascadeRule.Never ? "never" : point.Threshold.ToString("F4", CultureInfo.InvariantCulture),
                EvaluationReportText.Share(point.AnsweredShare),
                Share(point.AccuracyAmongAnswered),
                Share(point.Accuracy),
                point == chosen ? "chosen" : "",
            }));
    }

    /// <summary>Writes a plan and its curve as an object.</summary>
    /// <param name="plan">What was chosen.</param>
    /// <param name="points">The whole curve.</param>
    public static JsonObject Json(CascadePlan plan, IReadOnlyList<CascadePoint> points) => new()
    {
        ["met"] = plan.IsMet,
        ["summary"] = plan.Summary,
        ["goal"] = plan.Target.Goal switch
        {
            CascadeGoal.Accuracy => "accuracy",
            CascadeGoal.AccuracyAmongAnswered => "accuracy_among_answered",
            _ => "cost_share",
        },
        ["target"] = plan.Target.Value,
        ["delta"] = plan.Target.Delta,
        ["future_rows"] = plan.Target.FutureRows,
        ["threshold"] = plan.Rule?.Threshold,
        ["familiarity_floor"] = plan.Target.FamiliarityFloor,
        ["rows"] = plan.Rows,
        ["rows_left_out"] = plan.RowsLeftOut,
        ["answered_share"] = plan.AnsweredShare,
        ["cost_share"] = plan.LargeShare,
        ["expected_accuracy"] = plan.ExpectedAccuracy,
        ["expected_accuracy_among_answered"] = plan.ExpectedAccuracyAmongAnswered,
        ["student_alone"] = plan.StudentAlone,
        ["large_alone"] = plan.LargeAlone,
        ["curve"] = new JsonArray([.. CascadeCurve.Thin(points, 201).Select(point => (JsonNode)new JsonObject
        {
            ["threshold"] = point.Threshold == CascadeRule.Never ? null : point.Threshold,
            ["answered_share"] = point.AnsweredShare,
            ["accuracy_among_answered"] = point.AccuracyAmongAnswered,
            ["accuracy"] = point.Accuracy,
        })]),
    };

    /// <summary>Says in a sentence what a trial came to.</summary>
    public static string Sentence(CascadeTrial trial, CascadeTarget target) =>
        $"Made on random halves, the promise held on the other halves in {trial.Held} of {trial.Splits} splits; it could be made in {trial.Made}. "
        + $"There the student answered {EvaluationReportText.Share(trial.MeanAnsweredShare)} on average, with {EvaluationReportText.Share(trial.MeanAccuracy)} "
        + $"{(target.Goal == CascadeGoal.Accuracy ? "of all answers" : "of its answers")} right, at worst {EvaluationReportText.Share(trial.WorstAccuracy)}.";

    /// <summary>Writes a trial as an object.</summary>
    public static JsonObject Json(CascadeTrial trial) => new()
    {
        ["splits"] = trial.Splits,
        ["made"] = trial.Made,
        ["held"] = trial.Held,
        ["mean_answered_share"] = trial.MeanAnsweredShare,
        ["mean_accuracy"] = trial.MeanAccuracy,
        ["worst_accuracy"] = trial.WorstAccuracy,
    };

    private static string Share(double? share) => share is { } known ? EvaluationReportText.Share(known) : "–";
}
