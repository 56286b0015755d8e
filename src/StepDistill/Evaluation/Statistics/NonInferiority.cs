namespace StepDistill.Evaluation.Statistics;

/// <summary>Whether one is worse than another by no more than a margin.</summary>
public static class NonInferiority
{
    /// <summary>Tests the hypothesis that it is worse by the margin or more.</summary>
    /// <param name="difference">By how much it is ahead.</param>
    /// <param name="margin">How much worse it may be, as a share: 0.01 is one point.</param>
    /// <returns>
    /// How often one that is worse by the whole margin would look this good: below 0.025 exactly where the 95 % interval of the
    /// difference lies above −margin.
    /// </returns>
    /// <exception cref="ArgumentOutOfRangeException">The margin is negative or no number.</exception>
    public static double Test(Estimate difference, double margin)
    {
        if (!(margin >= 0))
        {
            throw new ArgumentOutOfRangeException(nameof(margin), margin, "A margin must be 0 or more.");
        }

        return difference.Above(difference.Value + margin);
    }
}
