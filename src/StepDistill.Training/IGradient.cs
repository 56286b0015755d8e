using StepDistill.Batches;
using StepDistill.Training.Objectives;

namespace StepDistill.Training;

/// <summary>A way to compute the loss of some examples and add its gradient to the network's.</summary>
internal interface IGradient : IDisposable
{
    /// <summary>Adds the gradient of some examples.</summary>
    /// <param name="examples">The examples.</param>
    /// <param name="shares">What each part of the batch counts.</param>
    /// <param name="chance">Decides what dropout drops.</param>
    /// <param name="again">Whether to compute each block again in the backward pass instead of keeping it.</param>
    /// <returns>Sums of the tokens' losses, and how many there were.</returns>
    TaskLosses Add(IReadOnlyList<EncodedExample> examples, LossShares shares, ulong chance, bool again);
}

/// <summary>Losses of both tasks' target tokens, summed, in nats.</summary>
internal readonly record struct TaskLosses(double LabelSum, long LabelTokens, double RationaleSum, long RationaleTokens)
{
    /// <summary>Nats per label token.</summary>
    public double Label => LabelSum / LabelTokens;

    /// <summary>Nats per rationale token; null where there is none.</summary>
    public double? Rationale => RationaleTokens == 0 ? null : RationaleSum / RationaleTokens;

    /// <summary>Those of all parts together.</summary>
    public static TaskLosses Sum(IEnumerable<TaskLosses> parts) => parts.Aggregate(default(TaskLosses), (a, b) => new(
        a.LabelSum + b.LabelSum, a.LabelTokens + b.LabelTokens, a.RationaleSum + b.RationaleSum, a.RationaleTokens + b.RationaleTokens));
}
