using StepDistill.Batches;
using StepDistill.Training;
using StepDistill.Training.Models.T5;
using static TorchSharp.torch;

namespace StepDistill.Benchmarks.TrainSteps;

/// <summary>A step as the paper's program takes it, on the same libtorch: what ours is measured against.</summary>
/// <remarks>
/// google-research/distilling-step-by-step with transformers v4.24: float32; the two tasks one after the other, each
/// padded to its batch's longest source and target; scores of every position over the whole vocabulary, padding ignored
/// only in the loss; the library's AdamW; gradients clipped to norm 1. It has no handicap: the network is this project's
/// plain one, whose activation and norm take fewer operations than that program's.
/// </remarks>
internal sealed class PaperArithmetic(T5Network network) : IDisposable
{
    private readonly optim.Optimizer optimizer = optim.AdamW(network.parameters(), lr: Variant.Rate, weight_decay: 0);

    public double Step(IReadOnlyList<EncodedExample> examples)
    {
        using var scope = NewDisposeScope();
        optimizer.zero_grad();
        var label = Loss([.. examples.Select(e => e.Label)]);
        var rationale = Loss([.. examples.Select(e => e.Rationale).OfType<EncodedPair>()]);
        var loss = (0.5 * label) + (0.5 * rationale);
        loss.backward();
        nn.utils.clip_grad_norm_(network.parameters(), 1);
        optimizer.step();
        return loss.item<float>();
    }

    public void Dispose() => optimizer.Dispose();

    private Tensor Loss(List<EncodedPair> pairs)
    {
        var (ids, mask) = TensorBatch.Sources([.. pairs.Select(p => p.Source)], network.Config.PadId, CPU);
        var rows = pairs.ConvertAll(p => p.Target.Select(id => (long)id).ToArray());
        var length = rows.Max(row => row.Length);
        var targets = tensor(
            rows.SelectMany(row => row.Concat(Enumerable.Repeat(-100L, length - row.Length))).ToArray(), [pairs.Count, length]);
        var logits = network.forward(ids, mask, network.DecoderIds(targets));
        return nn.functional.cross_entropy(logits.flatten(0, 1), targets.flatten(), ignore_index: -100);
    }
}
