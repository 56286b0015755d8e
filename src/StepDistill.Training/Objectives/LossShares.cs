using StepDistill.Batches;

namespace StepDistill.Training.Objectives;

/// <summary>What each part of a batch counts in the joined loss.</summary>
/// <param name="Label">A label token: the task's weight over its number of tokens.</param>
/// <param name="Rationale">A rationale token; 0 where there is none.</param>
/// <param name="MutualInformation">An example with a rationale, in the term that draws rationale and label together.</param>
/// <param name="Smoothing">ε of label smoothing, for every token.</param>
internal readonly record struct LossShares(double Label, double Rationale, double MutualInformation = 0, double Smoothing = 0)
{
    /// <summary>Shares that make each task's loss a mean over its tokens, and the third term one over examples.</summary>
    /// <param name="examples">All examples whose losses are one mean.</param>
    /// <param name="loss">The weights.</param>
    /// <param name="share">What these examples count in the step; 1 where they are all of it.</param>
    public static LossShares Of(IReadOnlyList<EncodedExample> examples, StepByStepLoss loss, double share = 1)
    {
        var labels = examples.Sum(example => (long)example.Label.Target.Length);
        var rationales = examples.Sum(example => (long)(example.Rationale?.Target.Length ?? 0));
        var both = examples.Count(example => example.Rationale is not null);
        return new(
            share * loss.LabelWeight / labels,
            rationales == 0 ? 0 : share * loss.RationaleWeight / rationales,
            both == 0 ? 0 : share * loss.MutualInformation / both,
            loss.LabelSmoothing);
    }
}
