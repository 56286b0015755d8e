namespace StepDistill.Annotations;

/// <summary>How often one reason kept a label from being read.</summary>
/// <param name="Fault">The reason.</param>
/// <param name="Rows">Rows.</param>
public sealed record FaultCount(string Fault, long Rows);
