using StepDistill.Annotations.Filters;

namespace StepDistill.Batches;

/// <summary>How many examples an arm trains on, and why others are left out.</summary>
/// <param name="Made">Examples with at least a label pair.</param>
/// <param name="LeftOut">Examples that are not trained on, by reason.</param>
/// <param name="WithoutRationale">Examples of <paramref name="Made"/> that have no rationale though the arm wants one, by reason.</param>
/// <param name="CutRationales">Rationales that were longer than <c>training.max_rationale_words</c>.</param>
public sealed record PairCounts(
    int Made,
    IReadOnlyDictionary<string, int> LeftOut,
    IReadOnlyDictionary<string, int> WithoutRationale,
    int CutRationales = 0)
{
    /// <summary>Answers that <c>teacher.keep</c> leaves out, by filter and reason.</summary>
    public IReadOnlyList<FilterCount> Dropped { get; init; } = [];
}
