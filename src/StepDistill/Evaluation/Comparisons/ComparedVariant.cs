namespace StepDistill.Evaluation.Comparisons;

/// <summary>One student's size and settings in a report.</summary>
/// <param name="Name">Its name; empty for the recipe as it is.</param>
/// <param name="Parameters">The student's parameters, embeddings included; null where no run of it has a result.</param>
/// <param name="Overrides">What it changes in the recipe.</param>
public sealed record ComparedVariant(string Name, long? Parameters, IReadOnlyList<string> Overrides);
