using StepDistill.Batches;

namespace StepDistill.Evaluation.Statistics;

/// <summary>One measurement on a learning curve.</summary>
/// <param name="Rows">Rows that the student was trained on, or whatever else the curve runs over, such as its parameters.</param>
/// <param name="Score">Share of right answers, of one student or the mean of several.</param>
/// <param name="Measured">Rows that the score was measured on.</param>
public readonly record struct CurvePoint(long Rows, double Score, long Measured)
{
    /// <summary>How far the score strays for other rows and seeds; null where only the rows are known that it was measured on.</summary>
    public double? StandardError { get; private init; }

    /// <summary>The standard error's degrees of freedom.</summary>
    public double Degrees { get; private init; } = double.PositiveInfinity;

    /// <summary>The mean of several students, with what their spread says about it.</summary>
    /// <param name="rows">Rows that they were trained on, or whatever else the curve runs over.</param>
    /// <param name="mean">Their accuracy.</param>
    /// <param name="measured">Rows that it was measured on.</param>
    public static CurvePoint Of(long rows, Estimate mean, long measured) =>
        new(rows, mean.Value, measured) { StandardError = mean.StandardError, Degrees = mean.Degrees };
}

/// <summary>A value that a curve foretells.</summary>
/// <param name="Value">The most likely.</param>
/// <param name="Interval">The 95 % interval.</param>
public readonly record struct Foretold(double Value, ConfidenceInterval Interval);

/// <summary>How much a curve needs to reach a score.</summary>
/// <param name="Value">The most likely; null where it never does.</param>
/// <param name="Low">Lower end of the 95 % interval; null where even that is never.</param>
/// <param name="High">Upper end; null where it is never.</param>
public readonly record struct Needed(double? Value, double? Low, double? High);

/// <summary>How the score grows with the training rows: score(n) = ceiling − slope·n^(−rate).</summary>
/// <remarks>
/// The power law of learning curves (Cortes et al. 1993; Figueroa et al. 2012, doi 10.1186/1472-6947-12-8, for deciding how
/// much to annotate; Hestness et al. 2017, arXiv 1712.00409). For each rate of a grid, ceiling and slope are weighted least
/// squares, slope at least 0 and ceiling at most 1. With two points the rate is ½. The intervals come from repeating the
/// fit on scores redrawn around the curve, with the noise of the rows and seeds that they were measured on or the points' own
/// scatter, whichever is larger. Few seeds tell little about their noise at one point, so all points share one overdispersion: how
/// many times larger their variances are than a share's (McCullagh and Nelder 1989, 4.5), and the noise is Student's. Points count
/// as independent. Deterministic: the draws come from a fixed seed. How well the intervals hold is in
/// <c>docs/experiments/intervals.md</c>.
/// </remarks>
public sealed class LearningCurve
{
    private const int Draws = 1_000;
    private const ulong Seed = 1;

    private static readonly double[] Rates = [.. Enumerable.Range(1, 30).Select(i => i * 0.05)];

    /// <summary>A power law is not followed further than this many times what was measured.</summary>
    private const double Furthest = 100;

    private readonly Law _law;
    private readonly Law[] _drawn;
    private readonly IReadOnlyList<CurvePoint> _points;
    private readonly (long Least, long Most) _measured;

    private LearningCurve(Law law, Law[] drawn, IReadOnlyList<CurvePoint> points)
    {
        (_law, _drawn, _points) = (law, drawn, points);
        _measured = (points.Min(point => point.Rows), points.Max(point => point.Rows));
    }

    /// <summary>The score that no number of rows would pass.</summary>
    public double Ceiling => _law.Ceiling;

    /// <summary>What is multiplied by n^(−<see cref="Rate"/>) and taken off the ceiling; 0 for a flat curve.</summary>
    public double Slope => _law.Slope;

    /// <summary>How fast the curve nears its ceiling.</summary>
    public double Rate => _law.Rate;

    /// <summary>Fits a curve.</summary>
    /// <param name="points">At least two, of different numbers of rows.</param>
    /// <exception cref="ArgumentException">There are fewer.</exception>
    public static LearningCurve Fit(IReadOnlyList<CurvePoint> points)
    {
        if (points.Select(point => point.Rows).Distinct().Count() < 2)
        {
            throw new ArgumentException("A learning curve needs scores at two numbers of rows at least.", nameof(points));
        }

        var fitter = new Fitter(points);
        var law = fitter.Fit([.. points.Select(point => point.Score)]);
        var noise = Noise(points, law);
        var random = new SplitMix64(Seed);
        var drawn = new Law[Draws];
        for (var i = 0; i < Draws; i++)
        {
            var redrawn = new double[points.Count];
            for (var j = 0; j < redrawn.Length; j++)
            {
                var (error, degrees) = noise(points[j]);
                redrawn[j] = law.At(points[j].Rows) + (error * StudentT(ref random, degrees));
            }

            drawn[i] = fitter.Fit(redrawn);
        }

        return new LearningCurve(law, drawn, [.. points]);
    }

    /// <summary>The score after training on some rows.</summary>
    /// <param name="rows">How many.</param>
    public Foretold At(long rows) => Of(law => law.At(rows));

    /// <summary>What more rows would add to the score.</summary>
    /// <param name="from">Rows so far.</param>
    /// <param name="to">Rows then.</param>
    public Foretold Gain(long from, long to) => Of(law => law.At(to) - law.At(from));

    /// <summary>Rows that reach a score.</summary>
    /// <param name="score">The score, known exactly.</param>
    /// <returns>
    /// From the fewest that were measured, as nothing tells what fewer reach, to a hundred times the most that were; what lies
    /// beyond counts as never.
    /// </returns>
    public Needed RowsFor(double score) => Reaching(score, _ => score);

    /// <summary>Rows that do as well as another curve does where it was measured last.</summary>
    /// <param name="whole">What the other one reaches, as uncertain as it is.</param>
    /// <returns>Within the bounds of <see cref="RowsFor"/>.</returns>
    public Needed Saving(CurvePoint whole)
    {
        var random = new SplitMix64(Seed + 1);      // not the draws of the curves: those of both would move together
        var (ratio, degrees) = Overdispersion([.. _points, whole]);
        var error = ratio * Deviation(whole);
        var scores = new double[Draws];
        for (var i = 0; i < Draws; i++)
        {
            scores[i] = whole.Score + (error * StudentT(ref random, degrees));
        }

        return Reaching(whole.Score, draw => scores[draw]);
    }

    private Needed Reaching(double score, Func<int, double> drawn)
    {
        double[] needed = [.. _drawn.Select((law, draw) => Rows(law, drawn(draw)))];
        Array.Sort(needed);
        var outside = (1 - ConfidenceInterval.Level) / 2 * (Draws - 1);
        return new(Finite(Rows(_law, score)), Finite(needed[(int)outside]), Finite(needed[Draws - 1 - (int)outside]));

        static double? Finite(double rows) => double.IsFinite(rows) ? rows : null;
    }

    private double Rows(Law law, double score)
    {
        if (law.At(_measured.Least) >= score)
        {
            return _measured.Least;
        }

        var rows = score < law.Ceiling ? Math.Pow(law.Slope / (law.Ceiling - score), 1 / law.Rate) : double.PositiveInfinity;
        return rows > 0 && rows <= Furthest * _measured.Most ? rows : double.PositiveInfinity;
    }

    private Foretold Of(Func<Law, double> value) =>
        new(value(_law), ConfidenceInterval.Percentiles(Array.ConvertAll(_drawn, law => value(law)), ConfidenceInterval.Level));

    /// <summary>A point's standard error and its degrees of freedom: what all points tell of it, or their scatter.</summary>
    private static Func<CurvePoint, (double Error, double Degrees)> Noise(IReadOnlyList<CurvePoint> points, Law law)
    {
        var free = Math.Max(1, points.Count - 3);
        var scatter = Math.Sqrt(points.Sum(point => Math.Pow(point.Score - law.At(point.Rows), 2)) / free);
        var (ratio, degrees) = Overdispersion(points);
        return point => ratio * Deviation(point) is var own && own >= scatter ? (own, degrees) : (scatter, double.PositiveInfinity);
    }

    /// <summary>How many times larger standard errors are than a share's, and Satterthwaite's degrees of freedom of their mean square.</summary>
    private static (double Ratio, double Degrees) Overdispersion(IReadOnlyList<CurvePoint> points)
    {
        var (sum, perDegree, known) = (0.0, 0.0, 0);
        foreach (var point in points.Where(point => point.StandardError is not null))
        {
            var square = Math.Pow(point.StandardError!.Value / Deviation(point), 2);
            (sum, perDegree, known) = (sum + square, perDegree + (square * square / point.Degrees), known + 1);
        }

        return known == 0 ? (1, double.PositiveInfinity) : (Math.Sqrt(sum / known), sum * sum / perDegree);
    }

    /// <summary>Of a share measured on some rows; as if one more were right and one more wrong, so that it is never 0.</summary>
    private static double Deviation(CurvePoint point)
    {
        var share = ((point.Score * point.Measured) + 1) / (point.Measured + 2);
        return Math.Sqrt(share * (1 - share) / (point.Measured + 2));
    }

    /// <summary>Bailey 1994, <em>Polar generation of random variates with the t-distribution</em>; without end of degrees Box and Muller's.</summary>
    private static double StudentT(ref SplitMix64 random, double degrees)
    {
        var (one, other) = (Uniform(ref random), Uniform(ref random));
        var square = double.IsInfinity(degrees) ? -2 * Math.Log(one) : degrees * (Math.Pow(one, -2 / degrees) - 1);
        return Math.Sqrt(square) * Math.Cos(2 * Math.PI * other);
    }

    private static double Uniform(ref SplitMix64 random) => ((random.Next() >> 11) + 1) / 9007199254740993.0;

    private readonly record struct Law(double Ceiling, double Slope, double Rate)
    {
        public double At(long rows) => Ceiling - (Slope * Math.Pow(rows, -Rate));
    }

    /// <summary>Fits laws to scores at the same places again and again.</summary>
    private sealed class Fitter
    {
        private readonly double[] _rates;
        private readonly double[][] _x;             // for each rate, n^(−rate) of each point
        private readonly double[] _weights;

        public Fitter(IReadOnlyList<CurvePoint> points)
        {
            _rates = points.Select(point => point.Rows).Distinct().Count() == 2 ? [0.5] : Rates;
            _x = Array.ConvertAll(_rates, rate => points.Select(point => Math.Pow(point.Rows, -rate)).ToArray());
            _weights = [.. points.Select(point => 1 / Math.Pow(Deviation(point), 2))];
        }

        public Law Fit(double[] scores)
        {
            var (best, least) = (default(Law), double.PositiveInfinity);
            for (var i = 0; i < _rates.Length; i++)
            {
                var law = Linear(scores, _x[i], _rates[i]);
                var error = 0.0;
                for (var j = 0; j < scores.Length; j++)
                {
                    var miss = scores[j] - law.Ceiling + (law.Slope * _x[i][j]);
                    error += _weights[j] * miss * miss;
                }

                if (error < least)
                {
                    (best, least) = (law, error);
                }
            }

            return best;
        }

        private Law Linear(double[] scores, double[] x, double rate)
        {
            double w = 0, wx = 0, wy = 0, wxx = 0, wxy = 0;
            for (var i = 0; i < scores.Length; i++)
            {
                w += _weights[i];
                wx += _weights[i] * x[i];
                wy += _weights[i] * scores[i];
                wxx += _weights[i] * x[i] * x[i];
                wxy += _weights[i] * x[i] * scores[i];
            }

            var slope = Math.Max(0, -((w * wxy) - (wx * wy)) / ((w * wxx) - (wx * wx)));
            var ceiling = (wy + (slope * wx)) / w;
            return ceiling <= 1 ? new(ceiling, slope, rate) : new(1, Math.Max(0, (wx - wxy) / wxx), rate);
        }
    }
}
