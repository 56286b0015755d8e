namespace StepDistill.Inference.Typed;

/// <summary>A label and how likely it is.</summary>
/// <typeparam name="TLabel">The enum that holds the labels.</typeparam>
/// <param name="Label">The label.</param>
/// <param name="Probability">From 0 to 1; those of one answer add up to 1.</param>
public readonly record struct LabelProbability<TLabel>(TLabel Label, double Probability) where TLabel : struct, Enum;
