using StepDistill.Batches;

namespace StepDistill.Evaluation.Statistics;

/// <summary>
/// Accuracies, and differences between two arms that answered the same rows with the same seeds, with their intervals.
/// </summary>
/// <remarks>
/// Two things vary. <em>Rows</em>: others of the same kind might have been in the file. <em>Seeds</em>: others give other
/// students. <see cref="Statistics.Estimate.Interval"/> speaks of both (<see cref="CrossedEffects"/>).
/// <see cref="Statistics.Estimate.RowsOnly"/> speaks of these very students: Efron's percentile bootstrap draws as many rows as
/// there are, with replacement, 5,000 times; a row's answers stay together over seeds and arms, so a row that is hard for
/// everybody does not count as a difference.
/// </remarks>
public static class PairedBootstrap
{
    private const int Resamples = 5_000;    // leaves about 2 % of the width to the draw

    /// <summary>The accuracy of one arm.</summary>
    /// <param name="seeds">For each seed, whether each row was answered right; rows in the same order.</param>
    /// <param name="randomSeed">Decides the draws: same answers and seed, same interval.</param>
    /// <exception cref="ArgumentException">There is no seed or no row, or seeds have other rows.</exception>
    public static Estimate Mean(IReadOnlyList<IReadOnlyList<bool>> seeds, ulong randomSeed = 0) =>
        Estimate(seeds, (seed, row) => seeds[seed][row] ? 1 : 0, range: 1, randomSeed);

    /// <summary>By how much one arm is ahead of another.</summary>
    /// <param name="one">For each seed, whether each row was answered right; rows in the same order.</param>
    /// <param name="other">The same for the other arm: the same seeds, the same rows.</param>
    /// <param name="randomSeed">Decides the draws: same answers and seed, same interval.</param>
    /// <exception cref="ArgumentException">There is no seed or no row, or the arms have other seeds or rows.</exception>
    public static Estimate Difference(
        IReadOnlyList<IReadOnlyList<bool>> one, IReadOnlyList<IReadOnlyList<bool>> other, ulong randomSeed = 0)
    {
        RequirePairs(one, other);
        return Estimate(one, (seed, row) => (one[seed][row] ? 1 : 0) - (other[seed][row] ? 1 : 0), range: 2, randomSeed);
    }

    internal static void RequirePairs(IReadOnlyList<IReadOnlyList<bool>> one, IReadOnlyList<IReadOnlyList<bool>> other)
    {
        if (one.Count != other.Count || one.Zip(other).Any(pair => pair.First.Count != pair.Second.Count))
        {
            throw new ArgumentException("Both arms must have the same seeds and rows.", nameof(other));
        }

        RequireRows(one);
    }

    private static void RequireRows(IReadOnlyList<IReadOnlyList<bool>> seeds)
    {
        if (seeds.Count == 0 || seeds[0].Count == 0 || seeds.Any(rows => rows.Count != seeds[0].Count))
        {
            throw new ArgumentException(
                "There must be at least one seed and one row, and all seeds the same rows.", nameof(seeds));
        }
    }

    private static Estimate Estimate(
        IReadOnlyList<IReadOnlyList<bool>> seeds, Func<int, int, int> value, int range, ulong randomSeed)
    {
        RequireRows(seeds);
        var effects = CrossedEffects.Of(seeds.Count, seeds[0].Count, value, range);
        int[] rowSums = [.. Enumerable.Range(0, seeds[0].Count)
            .Select(row => Enumerable.Range(0, seeds.Count).Sum(seed => value(seed, row)))];
        return new(effects.Value, effects.StandardError, effects.Degrees, OverRows(rowSums, seeds.Count, randomSeed), effects.BySeed);
    }

    private static ConfidenceInterval OverRows(int[] rowSums, int seeds, ulong randomSeed)
    {
        var random = new SplitMix64(randomSeed);
        var means = new double[Resamples];
        for (var b = 0; b < Resamples; b++)
        {
            long sum = 0;
            for (var i = 0; i < rowSums.Length; i++)
            {
                sum += rowSums[(int)(((random.Next() >> 32) * (ulong)rowSums.Length) >> 32)];
            }

            means[b] = (double)sum / rowSums.Length / seeds;
        }

        return ConfidenceInterval.Percentiles(means, ConfidenceInterval.Level);
    }
}
