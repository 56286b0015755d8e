namespace StepDistill.Inference.Cascades;

/// <summary>Who answers, and why.</summary>
public enum CascadeVerdict
{
    /// <summary>The student is sure enough.</summary>
    Student,

    /// <summary>The student is not sure enough.</summary>
    Unsure,

    /// <summary>The input is unlike those that the student knows, or the student cannot tell although the rule asks for it.</summary>
    Unfamiliar,
}
