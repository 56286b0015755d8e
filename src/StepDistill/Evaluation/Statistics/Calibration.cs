namespace StepDistill.Evaluation.Statistics;

/// <summary>Rows of about the same confidence.</summary>
/// <param name="Confidence">Their mean confidence.</param>
/// <param name="Accuracy">The share that is right.</param>
/// <param name="Rows">How many.</param>
public readonly record struct CalibrationBin(double Confidence, double Accuracy, int Rows);

/// <summary>Whether answers given with a confidence of 80 % are right in 80 of 100 cases.</summary>
/// <param name="ExpectedError">
/// The expected calibration error: by how much a bin's confidence misses its accuracy, averaged over rows. 0 is best. Chance
/// alone keeps it above 0: about 0.1 for 150 rows, 0.01 for 15,000.
/// </param>
/// <param name="Brier">The mean squared distance of confidence from what came true; 0 is best (Brier 1950).</param>
/// <param name="Bins">The reliability table, least confident first.</param>
/// <remarks>
/// Guo et al. 2017, arXiv 1706.04599, with bins that hold equally many rows instead of equally wide ones, so that each is measured
/// equally well (Nixon et al. 2019, arXiv 1904.01685). Rows of the same confidence share a bin.
/// </remarks>
public sealed record Calibration(double ExpectedError, double Brier, IReadOnlyList<CalibrationBin> Bins)
{
    /// <summary>Bins where there are as many rows and confidences.</summary>
    public const int MostBins = 15;

    /// <summary>Measures.</summary>
    /// <param name="rows">The confidence of each answer, from 0 to 1, and whether it was right; in any order.</param>
    /// <exception cref="ArgumentException">There are no rows, or a confidence is no share.</exception>
    public static Calibration Of(IReadOnlyList<(double Confidence, bool Correct)> rows)
    {
        if (rows.Count == 0)
        {
            throw new ArgumentException("Calibration needs a row at least.", nameof(rows));
        }

        if (rows.Any(row => !(row.Confidence is >= 0 and <= 1)))
        {
            throw new ArgumentException("A confidence must be from 0 to 1.", nameof(rows));
        }

        var sorted = rows.OrderBy(row => row.Confidence).ToArray();
        var bins = new List<CalibrationBin>();
        for (int start = 0, end; start < sorted.Length; start = end)
        {
            var part = ((long)start * MostBins / sorted.Length) + 1;
            end = (int)(((sorted.Length * part) + MostBins - 1) / MostBins);
            while (end < sorted.Length && sorted[end].Confidence == sorted[end - 1].Confidence)
            {
                end++;
            }

            var bin = sorted[start..end];
            bins.Add(new(bin.Average(row => row.Confidence), bin.Average(row => row.Correct ? 1.0 : 0), bin.Length));
        }

        return new(
            bins.Sum(bin => bin.Rows * Math.Abs(bin.Confidence - bin.Accuracy)) / rows.Count,
            rows.Average(row => Math.Pow(row.Confidence - (row.Correct ? 1 : 0), 2)),
            bins);
    }
}
