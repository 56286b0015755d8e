namespace StepDistill.Inference.Cascades;

/// <summary>Every threshold that makes a difference on some rows, and what it does.</summary>
public static class CascadeCurve
{
    /// <summary>Computes the curve.</summary>
    /// <param name="rows">The rows, at least one. Where one of them lacks the large model's answer, no point has <see cref="CascadePoint.Right"/>.</param>
    /// <param name="familiarityFloor">Rows less familiar than this are never the student's.</param>
    /// <returns>Points from "the student never answers" to the least confidence that occurs: thresholds fall, the student's share grows.</returns>
    public static IReadOnlyList<CascadePoint> Of(IReadOnlyList<CascadeRow> rows, double familiarityFloor = 0)
    {
        var largeIsKnown = rows.All(row => row.LargeRight is not null);
        var right = largeIsKnown ? rows.Count(row => row.LargeRight == true) : (int?)null;
        var points = new List<CascadePoint> { new(CascadeRule.Never, rows.Count, 0, 0, right) };
        var (answered, answeredRight) = (0, 0);
        var takers = rows
            .Where(row => new CascadeRule(0, familiarityFloor).Judge(row.Confidence, row.Familiarity) == CascadeVerdict.Student)
            .OrderByDescending(row => row.Confidence)
            .ToList();
        for (var i = 0; i < takers.Count; i++)
        {
            var row = takers[i];
            answered++;
            answeredRight += row.StudentRight ? 1 : 0;
            right += (row.StudentRight ? 1 : 0) - (row.LargeRight == true ? 1 : 0);
            if (i + 1 == takers.Count || takers[i + 1].Confidence < row.Confidence)
            {
                points.Add(new(row.Confidence, rows.Count, answered, answeredRight, right));
            }
        }

        return points;
    }

    /// <summary>Leaves a few points, evenly spread over the student's share, the first and the last among them.</summary>
    /// <param name="points">A whole curve.</param>
    /// <param name="count">How many at most, from 2.</param>
    public static IReadOnlyList<CascadePoint> Thin(IReadOnlyList<CascadePoint> points, int count)
    {
        if (points.Count <= count)
        {
            return points;
        }

        var last = points[^1].Answered;
        var kept = new List<CascadePoint>();
        foreach (var point in points)
        {
            if (point.Answered >= (double)last * kept.Count / (count - 1))
            {
                kept.Add(point);
            }
        }

        if (kept[^1] != points[^1])
        {
            kept.Add(points[^1]);
        }

        return kept;
    }
}
