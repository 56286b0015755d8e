using System.Globalization;
using StepDistill.Evaluation.Statistics;
using StepDistill.Recipes;

namespace StepDistill.Evaluation.Comparisons;

/// <summary>
/// The curves of a report, over training rows for each size and over sizes where all rows are used, and what they save.
/// </summary>
internal sealed class ComparisonCurves
{
    private const int LinePoints = 25;

    private readonly Measured[] _curves;

    public ComparisonCurves(IReadOnlyList<ComparedArm> arms, IReadOnlyList<ComparedVariant> variants, int rows)
    {
        var whole = arms.Max(arm => arm.Fraction);
        var byRows =
            from arm in arms
            orderby arm.Fraction
            group (X: (double)arm.TrainingExamples, Arm: arm) by (arm.Arm, arm.Variant) into curve
            where IsCurve(curve.Select(point => point.X))
            select new Measured(curve.Key.Arm, curve.Key.Variant, ComparedCurve.Rows, [.. curve], rows);
        var bySize =
            from variant in variants
            where variant.Parameters is not null
            from arm in arms
            where arm.Variant == variant.Name && arm.Fraction == whole
            group (X: (double)variant.Parameters!.Value, Arm: arm) by arm.Arm into curve
            where IsCurve(curve.Select(point => point.X))
            select new Measured(curve.Key, "", ComparedCurve.Parameters, [.. curve], rows);
        _curves = [.. byRows, .. bySize];
    }

    public IEnumerable<ComparedCurve> All() => _curves.Select(curve => curve.Drawn());

    /// <summary>What each arm with reasons, and its control, needs to equal arms without that have everything.</summary>
    public IEnumerable<ComparedSaving> Savings() =>
        from one in _curves
        from other in _curves
        where ComparisonArms.WritesRationales(one.Arm) && other.Arm is Arms.Finetune or Arms.Distill
            && (one.Axis, one.Variant) == (other.Axis, other.Variant)
        select one.Against(other);

    private static bool IsCurve(IEnumerable<double> places) => places.Distinct().Count() > 1;

    private sealed record Measured(string Arm, string Variant, string Axis, IReadOnlyList<(double X, ComparedArm Arm)> Points, int Rows)
    {
        private readonly LearningCurve _law = LearningCurve.Fit([.. Points.Select(point => At(point, Rows))]);

        public ComparedCurve Drawn()
        {
            var (first, last) = (Points[0].X, Points[^1].X);
            return new(
                Arm, Variant, Axis,
                [.. Points.Select(point => new ComparedPoint(point.X, point.Arm.Accuracy, point.Arm.Low, point.Arm.High, point.Arm.BySeed))],
                [
                    .. from step in Enumerable.Range(0, LinePoints)
                       let x = Math.Round(first * Math.Pow(last / first, step / (LinePoints - 1.0)))
                       let value = _law.At((long)x)
                       select new ComparedPoint(x, value.Value, Math.Max(0, value.Interval.Low), Math.Min(1, value.Interval.High), []),
                ],
                string.Create(CultureInfo.InvariantCulture, $"{_law.Ceiling:0.000} − {_law.Slope:0.###}·n^−{_law.Rate:0.00}"))
            {
                Fits = Points.All(point => _law.At((long)point.X).Value is var foretold && foretold >= point.Arm.Low && foretold <= point.Arm.High),
            };
        }

        public ComparedSaving Against(Measured other)
        {
            var needed = _law.Saving(At(other.Points[^1], Rows));
            return new(Arm, other.Arm, Variant, Axis, other.Points[^1].X, needed.Value, needed.Low, needed.High)
            {
                AtMost = needed.Value <= Points[0].X,
            };
        }

        private static CurvePoint At((double X, ComparedArm Arm) point, int rows) => CurvePoint.Of((long)point.X, point.Arm.Estimate!, rows);
    }
}
