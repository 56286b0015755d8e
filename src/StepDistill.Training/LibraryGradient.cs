using StepDistill.Batches;
using StepDistill.Training.Models.T5;
using StepDistill.Training.Objectives;
using static TorchSharp.torch;

namespace StepDistill.Training;

/// <summary>The plain way on any device: padded tensors, differentiated by the library. What the fast way is tested against.</summary>
/// <param name="network">The student.</param>
internal sealed class LibraryGradient(T5Network network) : IGradient
{
    /// <inheritdoc/>
    public TaskLosses Add(IReadOnlyList<EncodedExample> examples, LossShares shares, ulong chance, bool again)
    {
        using var learning = enable_grad();
        using var scope = NewDisposeScope();
        random.manual_seed((long)(new SplitMix64(chance).Next() >> 1));
        using var batch = TensorBatch.Of(examples, network.Config, network.Device);
        var memory = network.Encode(batch.Ids, batch.Mask);                                              // [N, K, D]
        var label = Score(batch.Labels, memory[..examples.Count], batch.Mask[..examples.Count]);
        var joined = (Losses(label, shares.Smoothing) * Weights(examples, e => e.Label, shares.Label)).sum();
        var sums = new TaskLosses(Losses(label, 0).sum().item<float>(), label.Targets.size(0), 0, 0);
        if (batch.Rationales is not null)
        {
            var rationale = Score(batch.Rationales, memory[examples.Count..], batch.Mask[examples.Count..]);
            joined += (Losses(rationale, shares.Smoothing) * Weights(examples, e => e.Rationale, shares.Rationale)).sum();
            if (shares.MutualInformation > 0)
            {
                joined += MutualInformation(examples, label.Logits, rationale.Logits) * shares.MutualInformation;
            }

            sums = sums with { RationaleSum = Losses(rationale, 0).sum().item<float>(), RationaleTokens = rationale.Targets.size(0) };
        }

        joined.backward();
        return sums;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
    }

    /// <summary>Scores of the real target tokens only: the output layer is the dearest part of a small T5.</summary>
    private (Tensor Logits, Tensor Targets) Score(TargetTensors targets, Tensor memory, Tensor mask)
    {
        var hidden = network.Decode(memory, mask, targets.Inputs).flatten(0, 1);                          // [B·Q, D]
        return (network.Logits(hidden.index_select(0, targets.Positions)), targets.Ids);
    }

    private static Tensor Losses((Tensor Logits, Tensor Targets) scored, double smoothing) => nn.functional.cross_entropy(
        scored.Logits, scored.Targets, reduction: nn.Reduction.None, label_smoothing: smoothing);

    /// <summary>What each target token of a task counts, [T].</summary>
    private Tensor Weights(IReadOnlyList<EncodedExample> examples, Func<EncodedExample, EncodedPair?> task, double share) => tensor(
        examples.SelectMany(e => Enumerable.Repeat((float)(share * e.Weight), task(e)?.Target.Length ?? 0)).ToArray(),
        device: network.Device);

    /// <summary>The sum over examples of the cross-entropy between their highest label and rationale probabilities.</summary>
    private static Tensor MutualInformation(IReadOnlyList<EncodedExample> examples, Tensor labels, Tensor rationales)
    {
        var (sum, label, rationale) = (labels.new_zeros([]), 0, 0);
        foreach (var example in examples)
        {
            var (labelEnd, rationaleEnd) = (label + example.Label.Target.Length, rationale + (example.Rationale?.Target.Length ?? 0));
            if (example.Rationale is not null)
            {
                var given = labels[label..labelEnd].detach().softmax(-1).amax([0]);
                var written = rationales[rationale..rationaleEnd].log_softmax(-1).amax([0]);
                sum -= (given / given.sum() * written).sum();
            }

            (label, rationale) = (labelEnd, rationaleEnd);
        }

        return sum;
    }
}
