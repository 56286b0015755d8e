namespace StepDistill.Inference.Cascades;

/// <summary>Walks along a curve and stops before the first threshold that cannot be promised; see <see cref="PromiseTest"/>.</summary>
/// <remarks>
/// <para>
/// The order is that of all numbers, downwards from a start that does not depend on the rows. Between two confidences that
/// occur nothing changes, so testing at those that do occur is testing everywhere.
/// </para>
/// <para>
/// One start would do where the beginning is the safest place. It is not always: a large model may be worse than its student,
/// and among few very confident answers nothing can be shown. So there are several starts, each with a share of the failures
/// allowed (Bonferroni); a walk from each; the lowest threshold found wins. Most is left to the likeliest start: with 0.8 of
/// 0.05 a walk needs 1.75 standard errors instead of 1.64.
/// </para>
/// </remarks>
internal static class ThresholdSearch
{
    /// <summary>Where walks start, and their shares of delta, when the accuracy of all rows is promised.</summary>
    private static readonly (double From, double Part)[] Whole = [(CascadeRule.Never, 0.8), (0.9, 0.05), (0.7, 0.05), (0.5, 0.05), (0, 0.05)];

    /// <summary>How many rows must be right for a walk from "everything to the large model"; null where all of them would not do.</summary>
    public static int? Needed(int rows, CascadeTarget target) =>
        PromiseTest.Needed(rows, target.Value, target.Delta * Whole[0].Part, target.FutureRows);

    /// <summary>The lowest threshold with which a share of all rows can be promised to be right; null where there is none.</summary>
    public static double? ForAccuracy(IReadOnlyList<CascadePoint> points, CascadeTarget target) => Lowest(points, Whole, part =>
    {
        var needed = PromiseTest.Needed(points[0].Rows, target.Value, target.Delta * part, target.FutureRows);
        return point => point.Right >= needed;
    });

    /// <summary>The lowest threshold with which a share of the student's answers can be promised to be right; null where there is none.</summary>
    /// <remarks>A calibrated student is right more often than the target wherever it is at least as sure: the starts are there and above.</remarks>
    public static double? ForAccuracyAmongAnswered(IReadOnlyList<CascadePoint> points, CascadeTarget target)
    {
        var wrong = 1 - target.Value;
        var (share, delta) = PromiseTest.Parted(points[0].Rows, target.Value, target.Delta, target.FutureRows);
        return Lowest(
            points,
            [(1 - (wrong / 8), 0.1), (1 - (wrong / 2), 0.4), (target.Value, 0.4), (0, 0.1)],
            part => point => PromiseTest.IsEnough(point.AnsweredRight, point.Answered, share, delta * part));
    }

    /// <summary>
    /// The threshold with the best accuracy among those with which at most a share of the rows can be promised to go to the
    /// large model; the highest of them where its accuracy is not known. Null where there is none.
    /// </summary>
    public static double? ForLargeShare(IReadOnlyList<CascadePoint> points, CascadeTarget target)
    {
        // Upwards from 0. The share only grows, so all thresholds below a promised one are promised with it.
        var needed = PromiseTest.Needed(points[0].Rows, 1 - target.Value, target.Delta, target.FutureRows);
        var promised = points.Where(point => point.Answered >= needed).ToList();
        return promised.Count == 0 ? null
            : promised[0].Right is null ? promised[0].Threshold
            : promised.MaxBy(point => (point.Right, point.Answered)).Threshold;
    }

    private static double? Lowest(
        IReadOnlyList<CascadePoint> points, (double From, double Part)[] starts, Func<double, Func<CascadePoint, bool>> test)
    {
        double? lowest = null;
        foreach (var (from, part) in starts)
        {
            var passes = test(part);
            var at = 0;
            while (at + 1 < points.Count && points[at + 1].Threshold >= from)
            {
                at++;
            }

            if (passes(points[at]))
            {
                var threshold = from;
                for (at++; at < points.Count && passes(points[at]); at++)
                {
                    threshold = points[at].Threshold;
                }

                lowest = Math.Min(lowest ?? threshold, threshold);
            }
        }

        return lowest;
    }
}
