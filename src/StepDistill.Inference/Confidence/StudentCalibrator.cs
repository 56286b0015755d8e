using StepDistill.Batches;
using StepDistill.Evaluation.Statistics;

namespace StepDistill.Inference.Confidence;

/// <summary>One validation row, as a student sees it.</summary>
/// <param name="LogProbabilities">[labels]; empty for tasks whose labels are not scored.</param>
/// <param name="Right">The place of the right label among them; -1 where it is none of them.</param>
/// <param name="Input">Its input's ids.</param>
public readonly record struct CalibrationRow(double[] LogProbabilities, int Right, int[] Input);

/// <summary>Learns from validation rows how sure a student may be, and what its task's inputs look like.</summary>
public static class StudentCalibrator
{
    private const ulong Seed = 0x5ca1ab1e;

    /// <summary>Fits.</summary>
    /// <param name="rows">The rows, at least one.</param>
    /// <returns>Null where no row has scored labels with a right one among them.</returns>
    public static StudentCalibration? Fit(IReadOnlyList<CalibrationRow> rows)
    {
        // The order of rows may say what they are: by label, by source. Chance decides which half a row is in.
        var order = Enumerable.Range(0, rows.Count).ToArray();
        var random = new SplitMix64(Seed);
        for (var i = order.Length - 1; i > 0; i--)
        {
            var other = (int)(random.Next() % (ulong)(i + 1));
            (order[i], order[other]) = (order[other], order[i]);
        }

        var shuffled = order.Select(place => rows[place]).ToList();
        var scored = shuffled.Where(row => row.Right >= 0).Select(row => (row.LogProbabilities, row.Right)).ToList();
        if (scored.Count == 0)
        {
            return null;
        }

        var (one, rest) = (scored.Take(scored.Count / 2).ToList(), scored.Skip(scored.Count / 2).ToList());
        return new StudentCalibration
        {
            Temperature = LabelTemperature.Fit(scored),
            Rows = scored.Count,
            ErrorBefore = ErrorOf(Confidences(scored, 1)),
            ErrorAfter = ErrorOf([.. Confidences(one, LabelTemperature.Fit(rest)), .. Confidences(rest, LabelTemperature.Fit(one))]),
            Familiarity = Familiarity.Fit([.. shuffled.Select(row => row.Input)]),
        };
    }

    private static double ErrorOf(IReadOnlyList<(double Confidence, bool Correct)> rows) => Calibration.Of(rows).ExpectedError;

    private static List<(double Confidence, bool Correct)> Confidences(List<(double[] LogProbabilities, int Right)> rows, double temperature) =>
        rows.ConvertAll(row =>
        {
            var shares = LabelTemperature.Apply(row.LogProbabilities, temperature);
            var likeliest = Array.IndexOf(shares, shares.Max());
            return (shares[likeliest], likeliest == row.Right);
        });
}
