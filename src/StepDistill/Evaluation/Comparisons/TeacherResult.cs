namespace StepDistill.Evaluation.Comparisons;

/// <summary>A teacher for a comparison.</summary>
/// <param name="Report">Its answers to the same rows.</param>
/// <param name="IsSimulated">Whether it is a program that only plays a teacher.</param>
/// <param name="Note">What else readers must know about it, in one sentence, or null.</param>
public sealed record TeacherResult(EvaluationReport Report, bool IsSimulated = false, string? Note = null);
