using MathNet.Numerics.Distributions;

namespace StepDistill.Evaluation.Statistics;

/// <summary>A mean over rows and seeds, and how far it may be off.</summary>
/// <param name="Value">The mean: a share from 0 to 1, or a difference of two from -1 to 1.</param>
/// <param name="StandardError">How far it strays for other rows of the same kind and other seeds; with one seed, for other rows only.</param>
/// <param name="Degrees">How well the standard error is known, in degrees of freedom of Student's t: at least 1.</param>
/// <param name="RowsOnly">The 95 % interval for these very students on other rows.</param>
/// <param name="BySeed">The mean of each seed.</param>
public sealed record Estimate(
    double Value, double StandardError, double Degrees, ConfidenceInterval RowsOnly, IReadOnlyList<double> BySeed)
{
    /// <summary>The power of <see cref="Detectable"/>: four times in five.</summary>
    private const double Power = 0.8;

    /// <summary>
    /// The 95 % interval for other rows of the same kind and other seeds; with one seed, for other rows only. It is
    /// <see cref="Value"/> ± t·<see cref="StandardError"/>, so it may pass the ends of what is possible.
    /// </summary>
    public ConfidenceInterval Interval
    {
        get
        {
            var half = Quantile((1 + ConfidenceInterval.Level) / 2) * StandardError;
            return new(Value - half, Value + half);
        }
    }

    /// <summary>
    /// How often chance alone would show a value at least this far from 0, either way: below 0.05 exactly where
    /// <see cref="Interval"/> leaves out 0.
    /// </summary>
    public double PValue => 2 * Above(Math.Abs(Value));

    /// <summary>
    /// The smallest true value that would be told from 0 four times in five: (t₀.₉₇₅ + t₀.₈)·<see cref="StandardError"/>, the
    /// usual approximation of the noncentral t distribution, which it exceeds a little where degrees are few.
    /// </summary>
    public double Detectable => (Quantile((1 + ConfidenceInterval.Level) / 2) + Quantile(Power)) * StandardError;

    /// <summary>The seeds' standard deviation (n - 1); null for one seed.</summary>
    public double? Deviation => BySeed.Count < 2
        ? null
        : Math.Sqrt(BySeed.Sum(one => (one - Value) * (one - Value)) / (BySeed.Count - 1));

    /// <summary>How often chance alone would bring an estimate this far above the truth.</summary>
    /// <param name="distance">How far.</param>
    internal double Above(double distance) => StandardError > 0
        ? StudentT.CDF(0, 1, Degrees, -distance / StandardError)
        : distance > 0 ? 0 : distance < 0 ? 1 : 0.5;

    private double Quantile(double probability) => StudentT.InvCDF(0, 1, Degrees, probability);
}
