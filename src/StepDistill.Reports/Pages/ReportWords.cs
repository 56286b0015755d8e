using StepDistill.Evaluation.Comparisons;
using static StepDistill.Evaluation.Comparisons.ReportNumbers;

namespace StepDistill.Reports.Pages;

/// <summary>How a page writes what its Markdown does not: names of arms and shares of rows.</summary>
internal static class ReportWords
{
    /// <summary>What stands where there is nothing to say.</summary>
    public const string None = "–";

    /// <summary>An arm with its variant, where it has one.</summary>
    public static string Arm(string arm, string variant) => variant.Length > 0 ? $"{arm}, {variant}" : arm;

    /// <summary>The other side of a difference.</summary>
    public static string Against(ComparedDifference one) =>
        one.Against == ComparedDifference.Teacher ? one.Against : Arm(one.Against, one.AgainstVariant);

    /// <summary>Training rows of an arm, such as <c>2,250 (25 %)</c>.</summary>
    public static string TrainingRows(ComparedArm arm) => $"{Count(arm.TrainingExamples)} ({Fraction(arm.Fraction)})";

    /// <summary>A share of the training rows, such as <c>25 % of the training rows</c>.</summary>
    public static string OfRows(double fraction) => fraction == 1 ? "all training rows" : $"{Fraction(fraction)} of the training rows";
}
