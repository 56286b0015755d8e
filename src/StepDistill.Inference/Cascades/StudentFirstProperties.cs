namespace StepDistill.Inference.Cascades;

/// <summary>Names under which a reply says who gave it, in its <c>AdditionalProperties</c>. The large model's replies pass untouched and have none.</summary>
public static class StudentFirstProperties
{
    /// <summary>Who answered: <c>student</c> or <c>nobody</c>.</summary>
    public const string AnsweredBy = "stepdistill.answered_by";

    /// <summary>Why: <c>sure</c>, <c>ceiling</c> (the day's calls are spent) or <c>fallback</c> (the large model failed).</summary>
    public const string Why = "stepdistill.why";

    /// <summary>The student's label.</summary>
    public const string Label = "stepdistill.label";

    /// <summary>The student's calibrated confidence, from 0 to 1.</summary>
    public const string Confidence = "stepdistill.confidence";

    /// <summary>How usual the input is, from 0 to 1; missing where the student cannot say.</summary>
    public const string Familiarity = "stepdistill.familiarity";
}
