using StepDistill.Batches;
using StepDistill.Students;
using StepDistill.Training.Devices;
using StepDistill.Training.Models.T5;
using static TorchSharp.torch;

namespace StepDistill.Training.Verification;

/// <summary>What the trained network itself says about some inputs, in float32: what an export of it is compared with.</summary>
/// <param name="Tokens">For each input the label's tokens, written greedily, with the end mark if it was reached.</param>
/// <param name="LogProbabilities">For each input the log-probability of each of its labels; empty where it has none.</param>
public sealed record NetworkAnswers(IReadOnlyList<int[]> Tokens, IReadOnlyList<double[]> LogProbabilities)
{
    private const int RowsAtATime = 32;

    /// <summary>Asks the network.</summary>
    /// <param name="folder">The student's folder.</param>
    /// <param name="inputs">Inputs without a prefix.</param>
    /// <param name="labels">For each input the labels to score; may be empty.</param>
    /// <param name="maxTokens">Most tokens that are written, the start mark included.</param>
    /// <param name="cancellation">Stops between batches.</param>
    /// <exception cref="StepDistillException">There is no student, or libtorch cannot be loaded.</exception>
    public static NetworkAnswers Of(
        string folder,
        IReadOnlyList<string> inputs,
        IReadOnlyList<IReadOnlyList<string>> labels,
        int maxTokens,
        CancellationToken cancellation = default)
    {
        NativeLibraries.Require();
        var student = StudentFolder.Open(folder);
        var tokenizer = student.LoadTokenizer();
        using var files = student.OpenWeights();
        using var network = T5Weights.Load(student.Config, files);
        network.eval();
        using var frozen = no_grad();
        var limit = student.Manifest?.MaxInputTokens ?? T5Config.DefaultMaxInputTokens;
        var sources = inputs.Select(input => PairEncoder.Encode(tokenizer, (student.Manifest?.LabelPrefix ?? "") + input, limit)).ToList();
        var tokens = new int[inputs.Count][];
        var scores = new double[inputs.Count][];

        // Rows of like length together: less padding, the same answers.
        foreach (var rows in Enumerable.Range(0, sources.Count).OrderBy(row => sources[row].Length).Chunk(RowsAtATime))
        {
            cancellation.ThrowIfCancellationRequested();
            using var scope = NewDisposeScope();
            var (ids, mask) = TensorBatch.Sources([.. rows.Select(row => sources[row])], network.Config.PadId, network.Device);
            var written = T5Decoding.Greedy(network, ids, mask, maxTokens, cancellation: cancellation);
            var encoded = network.Encode(ids, mask);
            for (var i = 0; i < rows.Length; i++)
            {
                tokens[rows[i]] = written[i];
                int[][] targets = [.. labels[rows[i]].Select(label => PairEncoder.Encode(tokenizer, label, limit))];
                scores[rows[i]] = [.. targets.Select(target => LogProbability(network, encoded.narrow(0, i, 1), mask.narrow(0, i, 1), target))];
            }
        }

        return new(tokens, scores);
    }

    private static double LogProbability(T5Network network, Tensor encoded, Tensor mask, int[] target)
    {
        using var scope = NewDisposeScope();
        var ids = tensor(target.Select(id => (long)id).ToArray(), [1, target.Length]);
        var read = tensor(target.Prepend(network.Config.StartId).SkipLast(1).Select(id => (long)id).ToArray(), [1, target.Length]);
        var likely = network.Logits(network.Decode(encoded, mask, read)).log_softmax(-1);               // [1, T, V]
        return likely.gather(2, ids.unsqueeze(2)).sum().item<float>();
    }
}
