using StepDistill.Batches;

namespace StepDistill.Evaluation.Statistics;

/// <summary>
/// Intervals for accuracies and for differences between two arms that answered the same rows with the same seeds.
/// </summary>
/// <remarks>
/// <para>
/// Two things vary. <em>Rows</em>: others of the same kind might have been in the file. Efron's percentile bootstrap
/// draws as many rows as there are, with replacement, 5,000 times; a row's answers stay together over seeds and arms,
/// so a row that is hard for everybody does not count as a difference. <em>Seeds</em>: other seeds give other students.
/// Their part is Student's t·s/√k over the k seeds' means. Both are joined by squares: from the value v to the lower
/// end is √((v − rows' lower end)² + (t·s/√k)²), and so above (Zou and Donner 2008, <em>Construction of confidence
/// limits about effect measures</em>).
/// </para>
/// <para>
/// Seeds are not drawn with replacement, as rows are, because there are too few: in a simulation with three seeds that
/// differ by 6 points and 1,000 rows, such intervals held the truth 82 times in 100, not 95; these hold it 97 times.
/// The price is width: t is 12.7 for two seeds, 4.3 for three, 2.8 for five. Where seeds hardly matter the interval is
/// somewhat too wide, as chance within a row is then counted on both sides.
/// </para>
/// <para>With one seed the interval speaks of these very students only.</para>
/// </remarks>
public static class PairedBootstrap
{
    private const int Resamples = 5_000;    // leaves about 2 % of the width to the draw

    /// <summary>The accuracy of one arm.</summary>
    /// <param name="seeds">For each seed, whether each row was answered right; rows in the same order.</param>
    /// <param name="randomSeed">Decides the draws: same answers and seed, same interval.</param>
    public static Estimate Mean(IReadOnlyList<IReadOnlyList<bool>> seeds, ulong randomSeed = 0) =>
        Estimate(seeds, (seed, row) => seeds[seed][row] ? 1 : 0, randomSeed);

    /// <summary>By how much one arm is ahead of another.</summary>
    /// <param name="one">For each seed, whether each row was answered right; rows in the same order.</param>
    /// <param name="other">The same for the other arm: the same seeds, the same rows.</param>
    /// <param name="randomSeed">Decides the draws: same answers and seed, same interval.</param>
    public static Estimate Difference(
        IReadOnlyList<IReadOnlyList<bool>> one, IReadOnlyList<IReadOnlyList<bool>> other, ulong randomSeed = 0)
    {
        if (one.Count != other.Count || one.Zip(other).Any(pair => pair.First.Count != pair.Second.Count))
        {
            throw new ArgumentException("Both arms must have the same seeds and rows.", nameof(other));
        }

        return Estimate(
            one, (seed, row) => (one[seed][row] ? 1 : 0) - (other[seed][row] ? 1 : 0), randomSeed);
    }

    private static Estimate Estimate(
        IReadOnlyList<IReadOnlyList<bool>> shape, Func<int, int, int> value, ulong randomSeed)
    {
        var seeds = shape.Count;
        if (seeds == 0 || shape[0].Count == 0 || shape.Any(rows => rows.Count != shape[0].Count))
        {
            throw new ArgumentException(
                "There must be at least one seed and one row, and all seeds the same rows.", nameof(shape));
        }

        var rowSums = new int[shape[0].Count];      // over seeds
        var bySeed = new double[seeds];
        for (var seed = 0; seed < seeds; seed++)
        {
            var sum = 0;
            for (var row = 0; row < rowSums.Length; row++)
            {
                var one = value(seed, row);
                rowSums[row] += one;
                sum += one;
            }

            bySeed[seed] = (double)sum / rowSums.Length;
        }

        var mean = (double)rowSums.Sum(sum => (long)sum) / rowSums.Length / seeds;
        var rowsOnly = OverRows(rowSums, seeds, randomSeed);
        var estimate = new Estimate(mean, rowsOnly, rowsOnly, bySeed);
        if (estimate.Deviation is not { } deviation)
        {
            return estimate;
        }

        var half = Quantiles.StudentT((1 + ConfidenceInterval.Level) / 2, seeds - 1) * deviation / Math.Sqrt(seeds);
        return estimate with
        {
            Interval = new(
                mean - double.Hypot(mean - rowsOnly.Low, half), mean + double.Hypot(rowsOnly.High - mean, half)),
        };
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
