using StepDistill.Batches;
using StepDistill.Training.Models.T5;
using StepDistill.Training.Objectives;
using StepDistill.Training.Optimization;
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

/// <summary>Forward, backward, clip and update, in exactly one dispose scope.</summary>
/// <param name="network">The student, in training mode.</param>
/// <param name="loss">How the two tasks are joined.</param>
/// <param name="optimizer">Updates the network's parameters.</param>
/// <param name="maxGradNorm">Gradients are scaled down to this norm; 0 leaves them.</param>
internal sealed class TrainStep(T5Network network, StepByStepLoss loss, AdamW optimizer, double maxGradNorm)
{
    private readonly Tensor[] _parameters = [.. network.parameters()];

    /// <summary>Does one update.</summary>
    /// <param name="examples">The step's examples.</param>
    /// <param name="learningRate">The step size.</param>
    /// <param name="parts">
    /// In how many parts the examples are computed, to save memory. The gradient is the mean of the parts' gradients,
    /// as in the paper's program; each part's loss is a mean over its own tokens.
    /// </param>
    /// <returns>What was measured, as the mean over parts.</returns>
    public StepResult Run(IReadOnlyList<EncodedExample> examples, double learningRate, int parts = 1)
    {
        using var scope = NewDisposeScope();
        network.zero_grad(set_to_none: true);
        var chunks = examples.Chunk((examples.Count + parts - 1) / parts).ToList();
        var measured = chunks.Select(chunk => Backward(chunk, 1.0 / chunks.Count)).ToList();
        var result = new StepResult(
            measured.Average(m => m.Loss),
            measured.Average(m => m.Label),
            measured.Average(m => m.Rationale),
            GradientNorm.Of(_parameters));
        if (result.IsFinite)
        {
            optimizer.Step(learningRate, GradientNorm.Scale(result.GradientNorm, maxGradNorm));
        }

        return result;
    }

    /// <summary>Adds a share of some examples' gradient to the parameters' gradients.</summary>
    private (double Loss, double Label, double? Rationale) Backward(EncodedExample[] examples, double share)
    {
        using var scope = NewDisposeScope();
        using var batch = TensorBatch.Of(examples, network.Config, _parameters[0].device);
        var memory = network.Encode(batch.Ids, batch.Mask);                                              // [N, K, D]
        var label = Loss(batch.Labels, memory[..examples.Length], batch.Mask[..examples.Length]);
        var rationale = batch.Rationales is null
            ? null
            : Loss(batch.Rationales, memory[examples.Length..], batch.Mask[examples.Length..]);
        var joined = loss.Combine(label, rationale);
        (share == 1 ? joined : joined * share).backward();
        return (joined.item<float>(), label.item<float>(), rationale?.item<float>());
    }

    /// <summary>Scores real target tokens only: the output layer is the dearest part of a small T5.</summary>
    private Tensor Loss(TargetTensors targets, Tensor memory, Tensor mask)
    {
        var hidden = network.Decode(memory, mask, targets.Inputs).flatten(0, 1);                          // [B·Q, D]
        return StepByStepLoss.CrossEntropy(network.Logits(hidden.index_select(0, targets.Positions)), targets.Ids);
    }
}
