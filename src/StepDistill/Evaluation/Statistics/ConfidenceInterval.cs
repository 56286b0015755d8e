using MathNet.Numerics.Distributions;

namespace StepDistill.Evaluation.Statistics;

/// <summary>A range that holds the true value in the stated share of repetitions.</summary>
/// <param name="Low">Lower end.</param>
/// <param name="High">Upper end.</param>
public readonly record struct ConfidenceInterval(double Low, double High)
{
    /// <summary>The level of every interval in reports: 95 %.</summary>
    public const double Level = 0.95;

    /// <summary>Whether a value lies in the interval, ends included.</summary>
    /// <param name="value">The value.</param>
    public bool Contains(double value) => Low <= value && value <= High;

    /// <summary>Wilson's interval for a proportion.</summary>
    /// <param name="correct">Rows that count.</param>
    /// <param name="rows">All rows; without any, nothing is known: 0 to 1.</param>
    /// <param name="level">Share of repetitions, in (0, 1).</param>
    /// <remarks>
    /// Wilson 1927, <em>Probable inference, the law of succession, and statistical inference</em>. It stays within 0 to
    /// 1 and holds its level also for few rows and for proportions near 0 or 1, where the textbook's p ± 1.96·s fails.
    /// </remarks>
    public static ConfidenceInterval Wilson(int correct, int rows, double level = Level)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(correct);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(correct, rows);
        if (rows == 0)
        {
            return new(0, 1);
        }

        var z = Normal.InvCDF(0, 1, (1 + level) / 2);
        double n = rows, p = correct / n;
        var centre = (p + z * z / (2 * n)) / (1 + z * z / n);
        var half = z / (1 + z * z / n) * Math.Sqrt(p * (1 - p) / n + z * z / (4 * n * n));
        return new(
            correct == 0 ? 0 : Math.Max(0, centre - half),      // exact ends, where rounding would leave 1e-18
            correct == rows ? 1 : Math.Min(1, centre + half));
    }

    /// <summary>The middle part of a sample.</summary>
    /// <param name="sample">The values; they are sorted in place.</param>
    /// <param name="level">Share of the values that lie inside.</param>
    internal static ConfidenceInterval Percentiles(double[] sample, double level)
    {
        Array.Sort(sample);
        return new(At((1 - level) / 2), At((1 + level) / 2));

        double At(double share)
        {
            var position = share * (sample.Length - 1);
            var below = (int)position;
            var above = Math.Min(below + 1, sample.Length - 1);
            return sample[below] + (position - below) * (sample[above] - sample[below]);
        }
    }
}
