namespace StepDistill.Inference.Cascades;

/// <summary>What the student says to a call.</summary>
/// <param name="Question">The call as a question; null where it is none of its task.</param>
/// <param name="Answer">The answer; null where there is no question, or the student could not be asked.</param>
/// <param name="Verdict">Who shall answer.</param>
internal sealed record AskedStudent(StudentQuestion? Question, StudentAnswer? Answer, CascadeVerdict Verdict)
{
    /// <summary>Why the large model is asked.</summary>
    public string Why => Question is null ? "other" : Answer is null ? "failed" : Verdict == CascadeVerdict.Unsure ? "unsure" : "unfamiliar";
}
