namespace StepDistill.Evaluation.Comparisons;

/// <summary>What an arm needs to equal another one that has everything: rows, or a student's size.</summary>
/// <param name="Arm">The arm.</param>
/// <param name="Against">The other one, at its largest fraction or size.</param>
/// <param name="Variant">Size and settings of both; empty where <paramref name="Axis"/> is size.</param>
/// <param name="Axis"><see cref="ComparedCurve.Rows"/> or <see cref="ComparedCurve.Parameters"/>.</param>
/// <param name="Whole">What the other arm has.</param>
/// <param name="Needed">What the arm needs, by its fitted curve; null where the curve never gets there.</param>
/// <param name="Low">Lower end of the 95 % interval of what it needs; null where even that is never.</param>
/// <param name="High">Upper end; null where it is never.</param>
public sealed record ComparedSaving(
    string Arm, string Against, string Variant, string Axis, double Whole, double? Needed, double? Low, double? High)
{
    /// <summary>Whether the arm did as well with the least that was tried, so that it may need less than <see cref="Needed"/>.</summary>
    public bool AtMost { get; init; }

    /// <summary>What it needs as a share of what the other one has; the paper's 12.5 to 80 %.</summary>
    public double? Share => Needed / Whole;
}
