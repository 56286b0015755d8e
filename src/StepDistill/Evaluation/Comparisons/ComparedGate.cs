namespace StepDistill.Evaluation.Comparisons;

/// <summary>A condition that a comparison must meet.</summary>
/// <param name="Condition">As it was written, such as <c>step-by-step >= finetune</c>.</param>
/// <param name="Met">Whether the interval allows to say so.</param>
/// <param name="Reason">Why, or why not, with the numbers.</param>
public sealed record ComparedGate(string Condition, bool Met, string Reason);
