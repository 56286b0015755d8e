using StepDistill.Training.Kernels;
using StepDistill.Training.Models;
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
    /// <param name="smoothing">ε of label smoothing.</param>
    /// <returns>[T], nats.</returns>
    public static double[] Run(
        CpuKernels kernels, Workspace workspace, Flow hidden, JoinedWeights head, double scale, PackedBatch batch, double smoothing)
    {
        var losses = new double[batch.Targets.Length];
        var (tokens, vocabulary) = (batch.Targets.Length, head.Value.size(0));
        using var scope = NewDisposeScope();
        var memory = workspace.Take(Math.Min(Piece, tokens), vocabulary);
        var dHidden = workspace.Take(tokens, hidden.Value.size(1));
        var across = head.Value.t();
        for (var start = 0; start < tokens; start += Piece)
        {
            using var piece = NewDisposeScope();
            var count = Math.Min(Piece, tokens - start);
            var logits = memory.narrow(0, 0, count);
            var rows = hidden.Value.narrow(0, start, count);
            logits.addmm_(rows, across, beta: 0, alpha: (float)scale);
            kernels.CrossEntropy(
                logits, batch.Targets.AsMemory(start, count), batch.Weights.AsMemory(start, count), losses.AsMemory(start, count), smoothing);
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
}
