namespace StepDistill.Evaluation;

/// <summary>One answer and what became of it: a line of <c>predictions.jsonl</c>.</summary>
/// <param name="Id">The row.</param>
/// <param name="Gold">The gold label as the data writes it.</param>
/// <param name="Label">The label that was answered, as it was written; null where there was none.</param>
/// <param name="Correct">Whether it is right.</param>
/// <param name="Readable">Whether it is a label that the task allows.</param>
/// <param name="Rationale">The rationale, where one was asked for.</param>
/// <param name="Confidence">
/// The probability of the answer as a student itself sees it, from 0 to 1; null for teachers and where it was not counted.
/// </param>
public sealed record ScoredRow(
    string Id, string Gold, string? Label, bool Correct, bool Readable, string? Rationale = null, double? Confidence = null);
