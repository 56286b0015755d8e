using StepDistill.Batches;

namespace StepDistill.Training.Objectives;

/// <summary>What one target token of each task counts in the joined loss: the task's weight over its number of tokens.</summary>
/// <param name="Label">Of a label token.</param>
/// <param name="Rationale">Of a rationale token; 0 where there is none.</param>
internal readonly record struct TokenShares(double Label, double Rationale)
{
    /// <summary>Shares that make each task's loss a mean over its tokens.</summary>
    /// <param name="examples">All examples whose losses are one mean.</param>
    /// <param name="loss">The tasks' weights.</param>
    /// <param name="share">What these examples count in the step; 1 where they are all of it.</param>
    public static TokenShares Of(IReadOnlyList<EncodedExample> examples, StepByStepLoss loss, double share = 1)
    {
        var labels = examples.Sum(example => (long)example.Label.Target.Length);
        var rationales = examples.Sum(example => (long)(example.Rationale?.Target.Length ?? 0));
        return new(share * loss.LabelWeight / labels, rationales == 0 ? 0 : share * loss.RationaleWeight / rationales);
    }
}
