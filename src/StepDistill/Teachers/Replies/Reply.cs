using StepDistill.Annotations;

namespace StepDistill.Teachers.Replies;

/// <summary>What a teacher's raw reply says.</summary>
/// <param name="Status">
/// <see cref="AnnotationStatus.Ok"/>, <see cref="AnnotationStatus.Unreadable"/> or
/// <see cref="AnnotationStatus.Truncated"/>.
/// </param>
/// <param name="Label">
/// The label in the task's own writing; non-blank exactly when the status is Ok, otherwise null.
/// </param>
/// <param name="Rationale">The reasons given; null or non-blank.</param>
/// <param name="Fault">Why there is no label, in one sentence; null when there is.</param>
public sealed record Reply(AnnotationStatus Status, string? Label, string? Rationale, string? Fault);
