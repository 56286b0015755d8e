namespace StepDistill.Evaluation.Rationales;

/// <summary>A row with a student's and a teacher's rationale.</summary>
/// <param name="Id">Names the row.</param>
/// <param name="Input">The input.</param>
/// <param name="Label">The label that both are to give reasons for.</param>
/// <param name="Student">The student's rationale.</param>
/// <param name="Teacher">The teacher's rationale.</param>
public sealed record JudgedRow(string Id, string Input, string Label, string Student, string Teacher);
