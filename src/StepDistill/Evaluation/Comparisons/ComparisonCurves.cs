using System.Globalization;
using StepDistill.Evaluation.Statistics;
using StepDistill.Recipes;

namespace StepDistill.Evaluation.Comparisons;

/// <summary>Learning curves of a report: over training rows for each size, and over sizes where all rows are used.</summary>
internal sealed class ComparisonCurves(IReadOnlyList<ComparedArm> arms, IReadOnlyList<ComparedVariant> variants, int measured)
{
    private const int LinePoints = 25;

    public IEnumerable<ComparedCurve> All()
    {
        foreach (var group in ByRows().Where(group => group.Count() > 1))
        {
            yield return Curve(group.Key.Arm, group.Key.Variant, ComparedCurve.Rows, [.. group.Select(arm => ((double)arm.TrainingExamples, arm))]);
        }

        foreach (var group in BySize().Where(group => group.Count() > 1))
        {
            yield return Curve(group.Key, "", ComparedCurve.Parameters, [.. group]);
        }
    }

    public IEnumerable<ComparedSaving> Savings() => [];

    private IEnumerable<IGrouping<(string Arm, string Variant), ComparedArm>> ByRows() => arms
        .OrderBy(arm => arm.Fraction)
        .GroupBy(arm => (arm.Arm, arm.Variant));

    private IEnumerable<IGrouping<string, (double X, ComparedArm Arm)>> BySize()
    {
        var whole = arms.Max(arm => arm.Fraction);
        return
            from variant in variants
            where variant.Parameters is not null
            from arm in arms
            where arm.Variant == variant.Name && arm.Fraction == whole
            group ((double)variant.Parameters!.Value, arm) by arm.Arm;
    }

    private ComparedCurve Curve(string arm, string variant, string axis, IReadOnlyList<(double X, ComparedArm Arm)> points)
    {
        _ = (measured, LinePoints, CultureInfo.InvariantCulture, Arms.Finetune);
        return new(
            arm,
            variant,
            axis,
            [.. points.Select(point => new ComparedPoint(point.X, point.Arm.Accuracy, point.Arm.Low, point.Arm.High, point.Arm.BySeed))],
            [],
            Law: null);
    }
}
