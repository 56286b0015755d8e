namespace StepDistill.Evaluation.Statistics;

/// <summary>Holm's correction for many comparisons at once.</summary>
/// <remarks>
/// Holm 1979, <em>A simple sequentially rejective multiple test procedure</em>. If those that stay below 0.05 are called
/// differences, then in 95 of 100 reports no comparison without a difference is among them, however the comparisons hang together.
/// </remarks>
public static class Holm
{
    /// <summary>Corrects.</summary>
    /// <param name="pValues">One for each comparison, from 0 to 1.</param>
    /// <returns>The corrected ones in the same order, at most 1.</returns>
    /// <exception cref="ArgumentOutOfRangeException">One is no probability.</exception>
    public static IReadOnlyList<double> Adjust(IReadOnlyList<double> pValues)
    {
        var adjusted = new double[pValues.Count];
        var (rank, largest) = (0, 0.0);
        foreach (var (place, pValue) in pValues.Index().OrderBy(one => one.Item))
        {
            if (!(pValue is >= 0 and <= 1))
            {
                throw new ArgumentOutOfRangeException(nameof(pValues), pValue, "A p-value must be from 0 to 1.");
            }

            largest = Math.Max(largest, Math.Min(1, (pValues.Count - rank++) * pValue));
            adjusted[place] = largest;
        }

        return adjusted;
    }
}
