using static TorchSharp.torch;

namespace StepDistill.Training.Verification;

/// <summary>Measures how far two results are apart. What cannot be subtracted is not a number.</summary>
internal static class Differences
{
    /// <summary>
    /// The largest absolute difference; over the reference's largest value, if that is wanted and above 1.
    /// </summary>
    public static double Largest(Tensor ours, Tensor theirs, bool scaled = false)
    {
        if (!ours.shape.SequenceEqual(theirs.shape))
        {
            return double.NaN;
        }

        var scale = scaled ? Math.Max(1, theirs.abs().max().item<float>()) : 1;
        return (ours.detach() - theirs).abs().max().item<float>() / scale;
    }

    /// <summary>The absolute difference of each value, largest first.</summary>
    public static double[] Each(Tensor ours, Tensor theirs) => double.IsFinite(Largest(ours, theirs))
        ? [.. (ours.detach() - theirs).abs().data<float>().Select(value => (double)value).OrderDescending()]
        : [double.NaN];

    /// <summary>The norm of the difference, over the norm of the reference.</summary>
    public static double OfNorm(Tensor ours, Tensor theirs) => ours.shape.SequenceEqual(theirs.shape)
        ? (ours.detach() - theirs).norm().item<float>() / Math.Max(double.Epsilon, theirs.norm().item<float>())
        : double.NaN;

    /// <summary>The difference over the reference's value.</summary>
    /// <param name="ours">Our value.</param>
    /// <param name="theirs">The reference's.</param>
    /// <param name="smallest">What stands for the reference's value where that is smaller.</param>
    public static double Relative(double ours, double theirs, double smallest = 0) =>
        ours == theirs ? 0 : Math.Abs(ours - theirs) / Math.Max(smallest, Math.Abs(theirs));

    /// <summary>The worst of several differences, and which it is.</summary>
    public static VerificationCheck Worst(
        string check, double tolerance, string unit, IEnumerable<(string Name, double Difference)> differences)
    {
        var all = differences.ToList();
        if (all.Count == 0)
        {
            return new VerificationCheck(check, null, tolerance, unit, "the reference lists nothing to compare");
        }

        foreach (var (name, difference) in all)
        {
            if (!double.IsFinite(difference))
            {
                return new VerificationCheck(
                    check, null, tolerance, unit, $"{name}: not a number, of another shape, or missing");
            }
        }

        var worst = all.MaxBy(d => d.Difference);
        return new VerificationCheck(
            check, worst.Difference, tolerance, unit, worst.Difference > 0 ? worst.Name : null);
    }

    /// <summary>How many tokens differ, and the first that does.</summary>
    /// <param name="check">What was compared.</param>
    /// <param name="ours">Rows without padding.</param>
    /// <param name="theirs">Rows padded to one length.</param>
    /// <param name="padId">The padding.</param>
    public static VerificationCheck OfTokens(string check, int[][] ours, int[][] theirs, int padId)
    {
        if (ours.Length != theirs.Length)
        {
            return new VerificationCheck(check, null, 0, "count", $"{ours.Length} rows, expected {theirs.Length}");
        }

        var differing = (
            from row in Enumerable.Range(0, ours.Length)
            from place in Enumerable.Range(0, Math.Max(ours[row].Length, theirs[row].Length))
            let found = ours[row].ElementAtOrDefault(place, padId)
            let expected = theirs[row].ElementAtOrDefault(place, padId)
            where found != expected
            select $"row {row}, token {place}: {found}, expected {expected}").ToList();
        return new VerificationCheck(check, differing.Count, 0, "count", differing.FirstOrDefault());
    }

    private static int ElementAtOrDefault(this int[] row, int place, int otherwise) =>
        place < row.Length ? row[place] : otherwise;
}
