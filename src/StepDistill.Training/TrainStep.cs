using StepDistill.Batches;
using StepDistill.Training.Models.T5;
using StepDistill.Training.Objectives;
using StepDistill.Training.Optimization;
using StepDistill.Training.Packed;
using static TorchSharp.torch;

namespace StepDistill.Training;

/// <summary>What one update of the weights measured.</summary>
/// <param name="Loss">The joined loss, in nats per token.</param>
/// <param name="LabelLoss">The label task's.</param>
/// <param name="RationaleLoss">The rationale task's; null where the batch had no rationale.</param>
/// <param name="GradientNorm">The gradient's norm before clipping.</param>
public sealed record StepResult(double Loss, double LabelLoss, double? RationaleLoss, double GradientNorm)
{
    /// <summary>Whether all numbers are finite: otherwise the weights were left as they were.</summary>
    public bool IsFinite => double.IsFinite(Loss) && double.IsFinite(GradientNorm);
}

/// <summary>Forward, backward, clip and update.</summary>
/// <param name="network">The student, in training mode.</param>
/// <param name="loss">How the two tasks are joined.</param>
/// <param name="optimizer">Updates the network's weights.</param>
/// <param name="maxGradNorm">Gradients are scaled down to this norm; 0 leaves them.</param>
internal sealed class TrainStep(T5Network network, StepByStepLoss loss, Optimizer optimizer, double maxGradNorm) : IDisposable
{
    private readonly IGradient _gradient = PackedGradient.Fits(network) ? new PackedGradient(network) : new LibraryGradient(network);

    /// <summary>Computes each block again in the backward pass instead of keeping what happened inside.</summary>
    public bool Again { get; init; }

    /// <summary>Most tokens, of sources and targets together, that are computed at a time; 0 for all of a step's.</summary>
    /// <remarks>Saves memory and changes nothing else: the gradient is that of all examples together.</remarks>
    public int TokenBudget { get; init; }

    /// <summary>Does one update.</summary>
    /// <param name="examples">The step's examples.</param>
    /// <param name="learningRate">The step size.</param>
    /// <param name="chance">Decides what dropout drops.</param>
    /// <param name="parts">
    /// In how many parts the examples are averaged: the gradient is the mean of the parts' gradients, as in the paper's
    /// program with gradient accumulation; each part's loss is a mean over its own tokens.
    /// </param>
    /// <returns>What was measured, as the mean over parts.</returns>
    public StepResult Run(IReadOnlyList<EncodedExample> examples, double learningRate, ulong chance = 0, int parts = 1)
    {
        using var frozen = no_grad();
        var chunks = examples.Chunk((examples.Count + parts - 1) / parts).ToList();
        var measured = new List<TaskLosses>();
        foreach (var chunk in chunks)
        {
            var shares = LossShares.Of(chunk, loss, 1.0 / chunks.Count);
            var sums = Budgeted(chunk).Select(piece => _gradient.Add(piece, shares, chance++, Again)).ToList();
            measured.Add(TaskLosses.Sum(sums));
        }

        var label = measured.Average(m => m.Label);
        var rationale = measured.Average(m => m.Rationale);
        var norm = optimizer.GradientNorm();
        var joined = measured.Average(m => loss.Join(m.Label, m.Rationale));
        var result = new StepResult(joined, label, rationale, norm);
        if (result.IsFinite)
        {
            optimizer.Step(learningRate, GradientNorm.Scale(norm, maxGradNorm));
        }
        else
        {
            optimizer.Forget();
        }

        return result;
    }

    /// <inheritdoc/>
    public void Dispose() => _gradient.Dispose();

    /// <summary>Examples in order, as many at a time as the budget allows, and at least one.</summary>
    private IEnumerable<IReadOnlyList<EncodedExample>> Budgeted(IReadOnlyList<EncodedExample> examples)
    {
        var (open, tokens) = (new List<EncodedExample>(), 0);
        foreach (var example in examples)
        {
            var more = example.TokenCount;
            if (TokenBudget > 0 && open.Count > 0 && tokens + more > TokenBudget)
            {
                yield return open;
                (open, tokens) = ([], 0);
            }

            open.Add(example);
            tokens += more;
        }

        yield return open;
    }
}
