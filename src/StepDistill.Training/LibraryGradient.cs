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
    public TaskLosses Add(IReadOnlyList<EncodedExample> examples, TokenShares shares, ulong chance, bool again)
    {
        using var learning = enable_grad();
        using var scope = NewDisposeScope();
        random.manual_seed((long)(new SplitMix64(chance).Next() >> 1));
        using var batch = TensorBatch.Of(examples, network.Config, network.Memory.Values.device);
        var memory = network.Encode(batch.Ids, batch.Mask);                                              // [N, K, D]
        var label = Loss(batch.Labels, memory[..examples.Count], batch.Mask[..examples.Count]);
        var rationale = batch.Rationales is null
            ? null
            : Loss(batch.Rationales, memory[examples.Count..], batch.Mask[examples.Count..]);
        (rationale is null ? label * shares.Label : (label * shares.Label) + (rationale * shares.Rationale)).backward();
        return new TaskLosses(
            label.item<float>(), batch.Labels.Ids.size(0), rationale?.item<float>() ?? 0, batch.Rationales?.Ids.size(0) ?? 0);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
    }

    /// <summary>The sum over real target tokens; only those are scored: the output layer is the dearest part of a small T5.</summary>
    private Tensor Loss(TargetTensors targets, Tensor memory, Tensor mask)
    {
        var hidden = network.Decode(memory, mask, targets.Inputs).flatten(0, 1);                          // [B·Q, D]
        var logits = network.Logits(hidden.index_select(0, targets.Positions));
        return nn.functional.cross_entropy(logits, targets.Ids, reduction: nn.Reduction.Sum);
    }
}
