namespace StepDistill.Students;

/// <summary>Which bucket of relative positions a distance falls into.</summary>
/// <remarks>
/// Near distances get a bucket each; farther ones share buckets that widen logarithmically (huggingface/transformers,
/// <c>modeling_t5.py</c>, <c>_relative_position_bucket</c>). The logarithms are float32 and cut to whole numbers, as there.
/// </remarks>
public static class T5PositionBuckets
{
    /// <summary>Finds a distance's bucket.</summary>
    /// <param name="distance">Key position minus query position.</param>
    /// <param name="bothDirections">True in an encoder; if false, keys after the query count as distance 0.</param>
    /// <param name="buckets">How many buckets there are, both directions together.</param>
    /// <param name="maxDistance">The distance from which on all share the last bucket.</param>
    public static int Of(int distance, bool bothDirections, int buckets, int maxDistance)
    {
        var future = 0;
        if (bothDirections)
        {
            buckets /= 2;
            future = distance > 0 ? buckets : 0;
            distance = Math.Abs(distance);
        }
        else
        {
            distance = Math.Max(-distance, 0);
        }

        var exact = buckets / 2;
        if (distance < exact)
        {
            return future + distance;
        }

        var share = MathF.Log((float)distance / exact) / (float)Math.Log((double)maxDistance / exact);
        return future + Math.Min(exact + (int)(share * (buckets - exact)), buckets - 1);
    }
}
