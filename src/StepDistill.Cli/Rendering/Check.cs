namespace StepDistill.Cli.Rendering;

/// <summary>One thing that was compared with a reference.</summary>
/// <param name="Name">What was compared, such as <c>logits</c>.</param>
/// <param name="Difference">The largest difference found; for tokens and texts, how many differ.</param>
/// <param name="Tolerance">The largest one allowed.</param>
/// <param name="Where">Where it was found, or what else there is to say; may be empty.</param>
internal sealed record Check(string Name, double Difference, double Tolerance, string Where = "")
{
    /// <summary>Whether the difference is small enough; one that is not a number is not.</summary>
    public bool Passed => Difference <= Tolerance;
}
