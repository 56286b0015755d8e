using System.Globalization;
using ScottPlot;
using StepDistill.Evaluation.Comparisons;
using static StepDistill.Evaluation.Comparisons.ReportNumbers;

namespace StepDistill.Reports.Figures;

/// <summary>Accuracy against training rows or against the student's size: a line for each arm, the teacher, and the baseline.</summary>
internal sealed class CurveFigure
{
    private const int Width = 800;
    private const int Height = 470;

    // Arms' names stand right of the data, where their lines end.
    private static readonly PixelPadding Margins = new(84, 222, 74, 14);

    // The least distance of two names, as a share of the data's height.
    private const double NameGap = 20.0 / (Height - 74 - 14);

    // An interval may say much more than can be drawn: with two seeds it often spans everything. So it may widen the figure by this
    // share of what else there is to see.
    private const double MostBeyond = 0.15;

    private readonly ComparisonReport _report;
    private readonly IReadOnlyList<string> _arms;
    private readonly IReadOnlyList<ComparedCurve> _curves;
    private readonly bool _overRows;
    private readonly Plot _plot = Frame.Empty(Margins);
    private readonly List<(string Text, double Y, ArmStyle? Style, Coordinates? From)> _names = [];
    private readonly double _left, _right, _span, _low, _high, _step;

    private CurveFigure(ComparisonReport report, IReadOnlyList<string> arms, IReadOnlyList<ComparedCurve> curves)
    {
        (_report, _arms, _curves) = (report, arms, curves);
        _overRows = curves[0].Axis == ComparedCurve.Rows;
        var points = curves.SelectMany(curve => curve.Points).ToList();
        _left = Math.Log10(points.Min(point => point.X));
        _right = Math.Log10(points.Max(point => point.X));
        _span = Math.Max(_right - _left, 0.1);
        (_low, _high) = Heights(points);

        // Arms stand beside each other at each point, but no closer to the next point's than to their own.
        var places = points.Select(point => Math.Log10(point.X)).Distinct().Order().ToList();
        var closest = places.Skip(1).Zip(places, (place, before) => place - before).DefaultIfEmpty(_span).Min();
        _step = Math.Min(0.024 * _span, closest / (arms.Count + 1));
    }

    /// <summary>Draws the curves of one axis.</summary>
    /// <param name="report">Where they are from.</param>
    /// <param name="arms">All arms in the order of the report, so that each has its place in every figure.</param>
    /// <param name="curves">One for each arm, at least one, all over the same axis and of the same variant.</param>
    /// <param name="name">The file's name without the ending.</param>
    public static Figure Draw(
        ComparisonReport report, IReadOnlyList<string> arms, IReadOnlyList<ComparedCurve> curves, string name)
    {
        var figure = new CurveFigure(report, arms, curves);
        figure.Axes();
        figure.Levels();
        foreach (var curve in curves)
        {
            figure.Curve(curve);
        }

        figure.Names();
        var over = figure._overRows ? "training rows" : "student size";
        var of = curves[0].Variant.Length > 0 ? $", {curves[0].Variant}" : "";
        return new Figure(name, $"Accuracy against {over}{of}", figure.Caption(), figure._plot, Width, Height);
    }

    private (double Low, double High) Heights(IReadOnlyList<ComparedPoint> points)
    {
        List<double> levels =
            [.. points.Select(point => point.Accuracy), .. points.SelectMany(point => point.BySeed), _report.Baseline];
        if (_report.Teacher is { } teacher)
        {
            levels.AddRange([teacher.Low, teacher.High]);
        }

        var (least, most) = (levels.Min(), levels.Max());
        var beyond = Math.Max(MostBeyond * (most - least), 0.02);
        var low = Math.Max(Math.Min(least, points.Min(point => point.Low)), least - beyond);
        var high = Math.Min(Math.Max(most, points.Max(point => point.High)), most + beyond);
        var margin = Math.Max(0.04 * (high - low), 0.005);
        return (Math.Max(low - margin, -0.01), Math.Min(high + margin, 1.01));
    }

    private void Axes()
    {
        _plot.Axes.SetLimits(_left - (0.09 * _span), _right + (0.15 * _span), _low, _high);
        _plot.Axes.SetLimitsY(_low, _high, _plot.Axes.Right);
        var shares = Frame.Round(_low, _high);
        foreach (var share in shares)
        {
            _plot.Line([new(_left - _span, share), new(_right + _span, share)], Frame.Pencil.WithAlpha(0.25), 0.7f);
        }

        Frame.Ticks(_plot.Axes.Left, shares.Select(share => (share, Frame.Percent(share))));
        Frame.Name(_plot.Axes.Left, "accuracy");
        var places = new List<(double, string)>();
        foreach (var x in _curves.SelectMany(curve => curve.Points).Select(point => point.X).Distinct().Order())
        {
            // Where two points are close, the left one's label would run into the right one's.
            var place = Math.Log10(x);
            places.Add((place, places.Count > 0 && place - places[^1].Item1 < 0.09 * _span ? "" : Label(x)));
        }

        Frame.Ticks(_plot.Axes.Bottom, places);
        Frame.Name(_plot.Axes.Bottom, _overRows ? "training rows (logarithmic)" : "student's parameters (logarithmic)");
    }

    private string Label(double x)
    {
        if (_overRows)
        {
            return _report.Arms.FirstOrDefault(arm => arm.TrainingExamples == x) is { } known
                ? $"{Count((int)x)}\n{Fraction(known.Fraction)}"
                : Count((int)x);
        }

        var variant = _report.Variants.FirstOrDefault(one => one.Parameters == x);
        return variant is { Name.Length: > 0 and <= 16 } && FigureFont.Fits(variant.Name)
            ? $"{Parameters(x)}\n{variant.Name}"
            : Parameters(x);
    }

    /// <summary>A student's size, such as <c>77.0 M</c>.</summary>
    public static string Parameters(double count) => count switch
    {
        >= 1e9 => string.Create(CultureInfo.InvariantCulture, $"{count / 1e9:0.0} G"),
        >= 1e6 => string.Create(CultureInfo.InvariantCulture, $"{count / 1e6:0.0} M"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{count / 1e3:0.0} k"),
    };

    private void Levels()
    {
        if (_report.Teacher is { } teacher)
        {
            var band = _plot.Add.VerticalSpan(teacher.Low, teacher.High, Frame.Pencil.WithAlpha(0.18));
            band.LineWidth = 0;
            Level(teacher.Accuracy, Frame.Ink, LinePattern.Solid);
            var name = $"teacher: {teacher.Name}";
            _names.Add((FigureFont.Fits(name) ? name : "teacher", teacher.Accuracy, null, null));
        }

        Level(_report.Baseline, Frame.Pencil, LinePattern.Dotted);
        _names.Add(("without reading the input", _report.Baseline, null, null));
    }

    private void Level(double share, Color color, LinePattern pattern) => _plot.Line(
        [new(_left - (0.09 * _span), share), new(_right + (0.15 * _span), share)], color, 1.5f, pattern);

    private void Curve(ComparedCurve curve)
    {
        var place = _arms.ToList().IndexOf(curve.Arm);
        var style = ArmStyle.Of(curve.Arm);
        var aside = (place - ((_arms.Count - 1) / 2.0)) * _step;
        double X(ComparedPoint point) => Math.Log10(point.X) + aside;

        if (curve.Line.Count > 1)
        {
            _plot.Line(curve.Line.Select(point => new Coordinates(Math.Log10(point.X), point.Accuracy)), style.Color.WithAlpha(0.55), 1);
        }

        _plot.Line(curve.Points.Select(point => new Coordinates(X(point), point.Accuracy)), style.Color, 2, style.Pattern);
        foreach (var point in curve.Points)
        {
            Interval(X(point), point.Low, point.High, style.Color);
            foreach (var (accuracy, stuck) in Seeds(curve, point))
            {
                var seed = X(point) - (0.4 * _step);
                _plot.Mark(seed, accuracy, style.Marker, 5, style.Color.WithAlpha(0.55), 1);
                if (stuck)
                {
                    _plot.Mark(seed, accuracy, MarkerShape.OpenCircleWithEks, 12, Frame.Ink, 1.2f);
                }
            }

            _plot.Mark(X(point), point.Accuracy, style.Marker, 10, style.Color, 2);
        }

        var last = curve.Points[^1];
        _names.Add((FigureFont.Label(curve.Arm), last.Accuracy, style, new(X(last), last.Accuracy)));
    }

    private void Interval(double x, double low, double high, Color color)
    {
        var cap = 0.008 * _span;
        _plot.Line([new(x, low), new(x, high)], color, 1.3f);
        _plot.Line([new(x - cap, low), new(x + cap, low)], color, 1.3f);
        _plot.Line([new(x - cap, high), new(x + cap, high)], color, 1.3f);
    }

    // Which seed is stuck stands with the runs.
    private IEnumerable<(double Accuracy, bool Stuck)> Seeds(ComparedCurve curve, ComparedPoint point)
    {
        var stuck = Runs(curve, point).Where(cell => cell.Stuck).Select(cell => cell.Accuracy).ToHashSet();
        return point.BySeed.Select(accuracy => (accuracy, stuck.Contains(accuracy)));
    }

    private IEnumerable<ComparedCell> Runs(ComparedCurve curve, ComparedPoint point)
    {
        var variant = _overRows ? curve.Variant : _report.Variants.FirstOrDefault(one => one.Parameters == point.X)?.Name;
        var fraction = _report.Arms
            .Where(arm => arm.Arm == curve.Arm && arm.Variant == variant && (!_overRows || arm.TrainingExamples == point.X))
            .Select(arm => (double?)arm.Fraction).Max();
        return _report.Cells.Where(cell => cell.Arm == curve.Arm && cell.Variant == variant && cell.Fraction == fraction);
    }

    // Names are pushed apart where lines end close to each other; a thin line leads from each to its curve.
    private void Names()
    {
        var names = _names.OrderBy(name => name.Y).ToList();
        var places = Apart([.. names.Select(name => name.Y)], NameGap * (_high - _low));
        var end = _right + (0.15 * _span);
        foreach (var (name, place) in names.Zip(places))
        {
            var key = end - (0.018 * _span);
            if (name.Style is { } style)
            {
                _plot.Line([name.From!.Value, new(key, place)], style.Color.WithAlpha(0.6), 0.8f);
                _plot.Mark(key, place, style.Marker, 9, style.Color, 2);
            }
            else
            {
                _plot.Line([new(key - (0.03 * _span), name.Y), new(end, place)], Frame.Pencil, 0.8f);
            }
        }

        Frame.Ticks(_plot.Axes.Right, names.Zip(places, (name, place) => (place, name.Text)), marked: false);
    }

    /// <summary>Moves places apart, as little as it takes: those that are too close stand around the middle of where they belong.</summary>
    /// <param name="wanted">Where they belong, lowest first.</param>
    /// <param name="gap">The least distance of two.</param>
    private double[] Apart(IReadOnlyList<double> wanted, double gap)
    {
        var groups = new List<(double Sum, int Count)>();
        double Bottom((double Sum, int Count) group) => Math.Clamp(
            (group.Sum / group.Count) - (gap * (group.Count - 1) / 2), _low + (gap / 2), _high - (gap * (group.Count - 0.5)));

        foreach (var place in wanted)
        {
            groups.Add((place, 1));
            while (groups.Count > 1 && Bottom(groups[^2]) + (gap * groups[^2].Count) > Bottom(groups[^1]))
            {
                groups[^2] = (groups[^2].Sum + groups[^1].Sum, groups[^2].Count + groups[^1].Count);
                groups.RemoveAt(groups.Count - 1);
            }
        }

        return [.. groups.SelectMany(group => Enumerable.Range(0, group.Count).Select(i => Bottom(group) + (gap * i)))];
    }

    private string Caption()
    {
        var drawn = (
            from curve in _curves
            from point in curve.Points
            from cell in Runs(curve, point)
            select cell).ToList();
        var failed = drawn.Count(cell => cell.Fault is not null);
        List<string> sentences =
        [
            "Large marks are means over seeds with their 95 % intervals, set slightly apart so that none covers another; small marks beside "
                + "them are single seeds.",
        ];
        if (_curves.Any(curve => curve.Line.Count > 1))
        {
            sentences.Add("Thin curves are fitted power laws.");
        }

        if (drawn.Any(cell => cell.Stuck))
        {
            sentences.Add("A crossed circle is a stuck seed.");
        }

        if (failed > 0)
        {
            sentences.Add($"{Of(failed, "run")} failed and {(failed == 1 ? "has" : "have")} no mark.");
        }

        if (_report.Teacher is { } teacher)
        {
            sentences.Add($"The black line is the {(teacher.Simulated ? "simulated " : "")}teacher, {teacher.Name}, the grey band its "
                + "95 % interval.");
        }

        if (_curves.SelectMany(curve => curve.Points).Any(point => point.Low < _low || point.High > _high))
        {
            sentences.Add("Intervals that reach the frame go on beyond it.");
        }

        return string.Join(" ", sentences);
    }
}
