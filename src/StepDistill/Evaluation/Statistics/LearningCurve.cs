using StepDistill.Batches;

namespace StepDistill.Evaluation.Statistics;

/// <summary>One measurement on a learning curve.</summary>
/// <param name="Rows">Rows that the student was trained on.</param>
/// <param name="Score">Share of right answers.</param>
/// <param name="Measured">Rows that the score was measured on.</param>
public readonly record struct CurvePoint(long Rows, double Score, long Measured);

/// <summary>A value that a curve foretells.</summary>
/// <param name="Value">The most likely.</param>
/// <param name="Interval">The 95 % interval.</param>
public readonly record struct Foretold(double Value, ConfidenceInterval Interval);

/// <summary>How the score grows with the training rows: score(n) = ceiling − slope·n^(−rate).</summary>
/// <remarks>
/// The power law of learning curves (Cortes et al. 1993; Figueroa et al. 2012, doi 10.1186/1472-6947-12-8, for deciding how
/// much to annotate; Hestness et al. 2017, arXiv 1712.00409). For each rate of a grid, ceiling and slope are weighted least
/// squares, slope at least 0 and ceiling at most 1. With two points the rate is ½. The intervals come from repeating the
/// fit on scores redrawn around the curve, with the noise of the rows that they were measured on or the points' own
/// scatter, whichever is larger. Deterministic: the draws come from a fixed seed.
/// </remarks>
public sealed class LearningCurve
{
    private const int Draws = 400;
    private const ulong Seed = 1;

    private static readonly double[] Rates = [.. Enumerable.Range(1, 30).Select(i => i * 0.05)];

    private readonly Law _law;
    private readonly Law[] _drawn;

    private LearningCurve(Law law, Law[] drawn) => (_law, _drawn) = (law, drawn);

    /// <summary>The score that no number of rows would pass.</summary>
    public double Ceiling => _law.Ceiling;

    /// <summary>Fits a curve.</summary>
    /// <param name="points">At least two, of different numbers of rows.</param>
    /// <exception cref="ArgumentException">There are fewer.</exception>
    public static LearningCurve Fit(IReadOnlyList<CurvePoint> points)
    {
        if (points.Select(point => point.Rows).Distinct().Count() < 2)
        {
            throw new ArgumentException("A learning curve needs scores at two numbers of rows at least.", nameof(points));
        }

        var scores = points.Select(point => point.Score).ToArray();
        var law = Law.Fit(points, scores);
        var noise = Noise(points, law);
        var random = new SplitMix64(Seed);
        var drawn = new Law[Draws];
        for (var i = 0; i < Draws; i++)
        {
            drawn[i] = Law.Fit(points, [.. points.Select(point => law.At(point.Rows) + (Normal(ref random) * noise(point)))]);
        }

        return new LearningCurve(law, drawn);
    }

    /// <summary>The score after training on some rows.</summary>
    /// <param name="rows">How many.</param>
    public Foretold At(long rows) => Of(law => law.At(rows));

    /// <summary>What more rows would add to the score.</summary>
    /// <param name="from">Rows so far.</param>
    /// <param name="to">Rows then.</param>
    public Foretold Gain(long from, long to) => Of(law => law.At(to) - law.At(from));

    /// <summary>Rows that reach a score; null where the curve never does.</summary>
    /// <param name="score">The score.</param>
    public double? RowsFor(double score) =>
        score < _law.Ceiling && _law.Slope > 0 ? Math.Pow(_law.Slope / (_law.Ceiling - score), 1 / _law.Rate) : null;

    private Foretold Of(Func<Law, double> value) =>
        new(value(_law), ConfidenceInterval.Percentiles(Array.ConvertAll(_drawn, law => value(law)), ConfidenceInterval.Level));

    /// <summary>The standard deviation of a point's score.</summary>
    private static Func<CurvePoint, double> Noise(IReadOnlyList<CurvePoint> points, Law law)
    {
        var free = Math.Max(1, points.Count - 3);
        var scatter = Math.Sqrt(points.Sum(point => Math.Pow(point.Score - law.At(point.Rows), 2)) / free);
        return point => Math.Max(scatter, Deviation(point));
    }

    /// <summary>Of a share measured on some rows; as if one more were right and one more wrong, so that it is never 0.</summary>
    private static double Deviation(CurvePoint point)
    {
        var share = ((point.Score * point.Measured) + 1) / (point.Measured + 2);
        return Math.Sqrt(share * (1 - share) / (point.Measured + 2));
    }

    /// <summary>Box and Muller 1958.</summary>
    private static double Normal(ref SplitMix64 random)
    {
        var (one, other) = (Uniform(ref random), Uniform(ref random));
        return Math.Sqrt(-2 * Math.Log(one)) * Math.Cos(2 * Math.PI * other);
    }

    private static double Uniform(ref SplitMix64 random) => ((random.Next() >> 11) + 1) / 9007199254740993.0;

    private readonly record struct Law(double Ceiling, double Slope, double Rate)
    {
        public double At(long rows) => Ceiling - (Slope * Math.Pow(rows, -Rate));

        public static Law Fit(IReadOnlyList<CurvePoint> points, double[] scores)
        {
            var weights = points.Select(point => 1 / Math.Pow(Deviation(point), 2)).ToArray();
            double[] rates = points.Select(point => point.Rows).Distinct().Count() == 2 ? [0.5] : Rates;
            var (best, least) = (default(Law), double.PositiveInfinity);
            foreach (var rate in rates)
            {
                var law = Linear(points, scores, weights, rate);
                var error = 0.0;
                for (var i = 0; i < scores.Length; i++)
                {
                    error += weights[i] * Math.Pow(scores[i] - law.At(points[i].Rows), 2);
                }

                if (error < least)
                {
                    (best, least) = (law, error);
                }
            }

            return best;
        }

        private static Law Linear(IReadOnlyList<CurvePoint> points, double[] scores, double[] weights, double rate)
        {
            double w = 0, wx = 0, wy = 0, wxx = 0, wxy = 0;
            for (var i = 0; i < scores.Length; i++)
            {
                var x = Math.Pow(points[i].Rows, -rate);
                w += weights[i];
                wx += weights[i] * x;
                wy += weights[i] * scores[i];
                wxx += weights[i] * x * x;
                wxy += weights[i] * x * scores[i];
            }

            var slope = Math.Max(0, -((w * wxy) - (wx * wy)) / ((w * wxx) - (wx * wx)));
            var ceiling = (wy + (slope * wx)) / w;
            return ceiling <= 1 ? new(ceiling, slope, rate) : new(1, Math.Max(0, (wx - wxy) / wxx), rate);
        }
    }
}
