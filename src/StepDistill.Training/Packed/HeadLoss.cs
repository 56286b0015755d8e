using StepDistill.Training.Kernels;
using StepDistill.Training.Models;
using StepDistill.Training.Objectives;
using static TorchSharp.torch;

namespace StepDistill.Training.Packed;

/// <summary>From the decoder's output to the loss and back, some tokens at a time.</summary>
/// <remarks>
/// The scores of all tokens over the whole vocabulary are the largest matrix of all and are never made: each piece of
/// them becomes its own gradient, adds to the others', and its memory serves the next piece.
/// </remarks>
internal static class HeadLoss
{
    // Enough rows for a product at full speed: 33 MB of bfloat16 scores over T5's own vocabulary.
    private const int Piece = 512;

    /// <summary>Measures every target token's loss, and gives the decoder's output and the head their gradients.</summary>
    /// <param name="kernels">What computes.</param>
    /// <param name="workspace">Gives memory.</param>
    /// <param name="hidden">[T, D], the decoder's output.</param>
    /// <param name="head">[V, D]</param>
    /// <param name="scale">What the output is multiplied by before the head.</param>
    /// <param name="batch">Targets, and what each counts.</param>
    /// <param name="shares">Label smoothing, and the term that draws rationale and label together.</param>
    /// <returns>[T], nats.</returns>
    public static double[] Run(
        CpuKernels kernels, Workspace workspace, Flow hidden, JoinedWeights head, double scale, PackedBatch batch, LossShares shares)
    {
        var losses = new double[batch.Targets.Length];
        var (tokens, vocabulary) = (batch.Targets.Length, head.Value.size(0));
        using var scope = NewDisposeScope();
        var pieces = Pieces(batch, shares).ToList();
        var memory = workspace.Take(pieces.Max(piece => piece.Count), vocabulary);
        var dHidden = workspace.Take(tokens, hidden.Value.size(1));
        var across = head.Value.t();
        foreach (var (start, count) in pieces)
        {
            using var piece = NewDisposeScope();
            var logits = memory.narrow(0, 0, count);
            var rows = hidden.Value.narrow(0, start, count);
            logits.addmm_(rows, across, beta: 0, alpha: (float)scale);
            var scores = shares.MutualInformation > 0 ? logits.clone() : null;
            kernels.CrossEntropy(
                logits, batch.Targets.AsMemory(start, count), batch.Weights.AsMemory(start, count), losses.AsMemory(start, count),
                shares.Smoothing);
            if (scores is not null)
            {
                var examples = batch.Examples.Where(example => example.Start >= start && example.Start < start + count);
                kernels.MutualInformation(scores, logits, [.. examples.Select(e => e with { Start = e.Start - start })], shares.MutualInformation);
            }

            dHidden.narrow(0, start, count).addmm_(logits, head.Value, beta: 0, alpha: (float)scale);
            if (head.Learns)
            {
                head.Gradient.addmm_(logits.t(), rows, beta: 1, alpha: (float)scale);
            }
        }

        workspace.Give(memory);
        hidden.Take(dHidden.DetachFromDisposeScope());
        return losses;
    }

    /// <summary>Tokens that are scored together; where both tasks' scores of an example are needed, its own stay together.</summary>
    private static IEnumerable<(int Start, int Count)> Pieces(PackedBatch batch, LossShares shares)
    {
        var (start, tokens) = (0, batch.Targets.Length);
        while (start < tokens)
        {
            var end = Math.Min(start + Piece, tokens);
            if (shares.MutualInformation > 0)
            {
                var whole = batch.Examples.Where(example => example.Start >= start && example.End <= end).ToList();
                var first = batch.Examples.Where(example => example.Start == start).ToList();
                end = whole.Count > 0 ? whole[^1].End : first.Count > 0 ? first[0].End : end;
            }

            yield return (start, end - start);
            start = end;
        }
    }
}
