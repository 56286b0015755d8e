namespace StepDistill.Evaluation.Statistics;

/// <summary>A mean over rows and seeds, and how far it may be off.</summary>
/// <param name="Value">The mean: a share from 0 to 1, or a difference of two from -1 to 1.</param>
/// <param name="Interval">
/// The 95 % interval for other rows of the same kind and other seeds; with one seed, for other rows only.
/// </param>
/// <param name="RowsOnly">The 95 % interval for these very students on other rows.</param>
/// <param name="BySeed">The mean of each seed.</param>
public sealed record Estimate(
    double Value, ConfidenceInterval Interval, ConfidenceInterval RowsOnly, IReadOnlyList<double> BySeed)
{
    /// <summary>The seeds' standard deviation (n - 1); null for one seed.</summary>
    public double? Deviation => BySeed.Count < 2
        ? null
        : Math.Sqrt(BySeed.Sum(one => (one - Value) * (one - Value)) / (BySeed.Count - 1));
}
