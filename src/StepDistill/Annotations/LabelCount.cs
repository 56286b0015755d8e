namespace StepDistill.Annotations;

/// <summary>How often a label is given in one split.</summary>
/// <param name="Label">The label.</param>
/// <param name="Gold">Rows whose gold label it is.</param>
/// <param name="Teacher">Rows whose answers vote for it.</param>
/// <param name="Both">Rows of which both are true.</param>
public sealed record LabelCount(string Label, long Gold, long Teacher, long Both);
