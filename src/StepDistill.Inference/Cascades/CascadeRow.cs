namespace StepDistill.Inference.Cascades;

/// <summary>What student and large model made of one row whose right answer is known.</summary>
/// <param name="Confidence">The student's calibrated confidence, from 0 to 1.</param>
/// <param name="StudentRight">Whether the student's label is right.</param>
/// <param name="LargeRight">Whether the large model's is; an answer that could not be read is wrong. Null where it was never asked.</param>
public sealed record CascadeRow(double Confidence, bool StudentRight, bool? LargeRight = null)
{
    /// <summary>How usual the input is, from 0 to 1: <see cref="StudentAnswer.Familiarity"/>. Null where the student cannot say.</summary>
    public double? Familiarity { get; init; }

    /// <summary>The student's label, by which a later change of the mix of labels is seen; null where that says nothing, as for free text.</summary>
    public string? Label { get; init; }

    /// <summary>Whether student and large model say the same, right or wrong; null where the large model was never asked.</summary>
    public bool? Agrees { get; init; }

    /// <summary>Whether the input was longer than the student reads.</summary>
    public bool Cut { get; init; }
}
