namespace StepDistill.Training.Verification;

/// <summary>One thing that was compared with the reference.</summary>
/// <param name="Name">What was compared, such as <c>logits</c> or <c>training.losses</c>.</param>
/// <param name="Difference">
/// The largest difference found; for tokens, how many differ. Null where the two cannot be subtracted: other shapes, or
/// something that is not a number.
/// </param>
/// <param name="Tolerance">The largest difference allowed.</param>
/// <param name="Unit">
/// <c>absolute</c>, <c>relative</c> (to the reference's value), <c>scaled</c> (to the reference's largest value where
/// that is above 1), or <c>count</c>.
/// </param>
/// <param name="Detail">
/// Where the largest difference is, or why there is none; null where there is nothing to say.
/// </param>
public sealed record VerificationCheck(
    string Name, double? Difference, double Tolerance, string Unit, string? Detail = null)
{
    /// <summary>Whether the difference is within the tolerance.</summary>
    public bool Passed => Difference <= Tolerance;
}
