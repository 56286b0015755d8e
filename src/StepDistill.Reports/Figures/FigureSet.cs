using System.Globalization;
using ScottPlot;
using StepDistill.Evaluation.Comparisons;
using StepDistill.Reports.Pages;
using static StepDistill.Evaluation.Comparisons.ReportNumbers;

namespace StepDistill.Reports.Figures;

/// <summary>All figures of a report, in the form of the paper's.</summary>
internal sealed class FigureSet
{
    private readonly ComparisonReport _report;
    private readonly string[] _arms;
    private readonly string[] _variants;

    /// <summary>Draws them.</summary>
    public FigureSet(ComparisonReport report)
    {
        _report = report;
        _arms = [.. report.Arms.Select(arm => arm.Arm).Distinct()];
        _variants = [.. report.Arms.Select(arm => arm.Variant).Distinct()];
        Accuracies = [.. ByRows()];
        Sizes = [.. BySize()];
        Differences = [.. Forests()];
    }

    /// <summary>Accuracy against training rows, a figure for each variant; arms beside each other where there is one fraction.</summary>
    public IReadOnlyList<Figure> Accuracies { get; }

    /// <summary>Accuracy against the student's size; empty where there is one size.</summary>
    public IReadOnlyList<Figure> Sizes { get; }

    /// <summary>Differences at the largest fraction, a figure for each variant; empty where there are none.</summary>
    public IReadOnlyList<Figure> Differences { get; }

    /// <summary>All of them.</summary>
    public IEnumerable<Figure> All => [.. Accuracies, .. Sizes, .. Differences];

    private IEnumerable<Figure> ByRows()
    {
        foreach (var (variant, place) in _variants.Select((variant, place) => (variant, place)))
        {
            var curves = _report.Curves
                .Where(curve => curve.Axis == ComparedCurve.Rows && curve.Variant == variant && curve.Points.Count > 0)
                .ToList();
            yield return curves.Count > 0
                ? CurveFigure.Draw(_report, _arms, curves, Name("accuracy-by-rows", place))
                : Beside(variant, place);
        }
    }

    private IEnumerable<Figure> BySize()
    {
        var curves = _report.Curves.Where(curve => curve.Axis == ComparedCurve.Parameters && curve.Points.Count > 0).ToList();
        return curves.Count == 0 ? [] : [CurveFigure.Draw(_report, _arms, curves, "accuracy-by-size")];
    }

    private Figure Beside(string variant, int place)
    {
        var fraction = _report.Arms.Where(arm => arm.Variant == variant).Max(arm => arm.Fraction);
        List<ForestLine> lines =
        [
            .. from arm in _report.Arms
               where arm.Variant == variant && arm.Fraction == fraction
               select new ForestLine(
                   FigureFont.Label(arm.Arm), arm.Accuracy, arm.Low, arm.High, null,
                   $"{Percent(arm.Accuracy)} ({Percents(arm.Low, arm.High)})", Filled: true),
        ];
        List<(double, LinePattern)> marks = [(_report.Baseline, LinePattern.Dotted)];
        var teacherLine = "";
        if (_report.Teacher is { } teacher)
        {
            lines.Add(new(
                "teacher", teacher.Accuracy, teacher.Low, teacher.High, null,
                $"{Percent(teacher.Accuracy)} ({Percents(teacher.Low, teacher.High)})", Filled: false));
            marks.Add((teacher.Accuracy, LinePattern.Solid));
            teacherLine = $", the solid one the {(teacher.Simulated ? "simulated " : "")}teacher, {teacher.Name}";
        }

        return ForestFigure.Draw(
            Name("accuracy", place),
            $"Accuracy of each arm{Of(variant)}",
            $"Means over seeds with their 95 % intervals, learnt from {ReportWords.OfRows(fraction)}. The dotted line is what is right "
                + $"without reading the input{teacherLine}.",
            "accuracy", lines, marks, Frame.Percent);
    }

    private IEnumerable<Figure> Forests()
    {
        foreach (var (variant, place) in _variants.Select((variant, place) => (variant, place)))
        {
            var all = _report.Differences.Where(one => one.Variant == variant).ToList();
            if (all.Count == 0)
            {
                continue;
            }

            var fraction = all.Max(one => one.Fraction);
            var lines = all.Where(one => one.Fraction == fraction).Select(one => new ForestLine(
                $"{FigureFont.Label(one.Arm)} − {FigureFont.Label(Against(one))}",
                one.Difference, one.Low, one.High, (one.RowsLow, one.RowsHigh),
                $"{Signed(one.Difference)} ({SignedInterval(one.Low, one.High)})", one.Decided)).ToList();
            yield return ForestFigure.Draw(
                Name("differences", place),
                $"Differences with {ReportWords.OfRows(fraction)}{Of(variant)}",
                "Points of accuracy by which the first is ahead of the second, with the 95 % interval. Filled marks leave out zero: the two "
                    + "are told apart. The thick part is the interval for these very students on other rows, the thin one for other "
                    + "seeds too.",
                "difference in points of accuracy", lines, [(0, LinePattern.Solid)],
                place => (place * 100).ToString("+0.#;−0.#;0", CultureInfo.InvariantCulture));
        }
    }

    private static string Against(ComparedDifference one) =>
        one.Against != ComparedDifference.Teacher && one.AgainstVariant != one.Variant && one.AgainstVariant.Length > 0
            ? $"{one.Against}, {one.AgainstVariant}"
            : one.Against;

    private static string Of(string variant) => variant.Length > 0 ? $", {variant}" : "";

    // Variants are numbered: their names may hold anything.
    private string Name(string figure, int place) =>
        _variants.Length == 1 ? figure : string.Create(CultureInfo.InvariantCulture, $"{figure}-{place + 1}");
}
