namespace StepDistill.Inference.Cascades;

/// <summary>When the student answers.</summary>
/// <param name="Threshold">The least confidence with which it does, from 0 to 1, or <see cref="Never"/>.</param>
/// <param name="FamiliarityFloor">The least familiarity with which it does, from 0 to 1; with 0 familiarity is not looked at.</param>
public readonly record struct CascadeRule(double Threshold, double FamiliarityFloor = 0)
{
    /// <summary>The threshold that no confidence reaches: everything goes to the large model.</summary>
    public const double Never = 2;

    /// <summary>Judges a student's answer.</summary>
    public CascadeVerdict Judge(StudentAnswer answer) => Judge(answer.Confidence, answer.Familiarity);

    /// <summary>Judges by the two numbers. What is no number is not sure.</summary>
    /// <param name="confidence">From 0 to 1.</param>
    /// <param name="familiarity">From 0 to 1, or null where it is not known.</param>
    public CascadeVerdict Judge(double confidence, double? familiarity) =>
        FamiliarityFloor > 0 && !(familiarity >= FamiliarityFloor) ? CascadeVerdict.Unfamiliar
        : confidence >= Threshold ? CascadeVerdict.Student
        : CascadeVerdict.Unsure;
}
