using StepDistill.Students.Decoding;
using static TorchSharp.torch;

namespace StepDistill.Training.Models.T5;

/// <summary>Writes text with a network: the likeliest token at each step, or the likeliest of several texts.</summary>
/// <remarks>
/// Lengths are counted as Hugging Face's <c>generate</c> counts <c>max_length</c>: the start token is one of them. The
/// network runs in evaluation mode and is left in the mode it was in. Keys and values of earlier tokens are kept, and
/// texts that have ended are put aside, so that neither costs anything at later steps.
/// </remarks>
public static class T5Decoding
{
    /// <summary>Writes, for each input, the likeliest next token until that is the end mark.</summary>
    /// <param name="network">The student.</param>
    /// <param name="inputIds">[B, K] int64, padded on the right.</param>
    /// <param name="inputMask">[B, K] bool, true on real tokens.</param>
    /// <param name="maxLength">Most tokens of a text, the start token included; at least 1.</param>
    /// <param name="startId">The start token; the configuration's where missing.</param>
    /// <param name="logProbabilities">[B] what each text's log-probability is added to; null where nobody wants it.</param>
    /// <param name="cancellation">Stops between two tokens.</param>
    /// <returns>For each input the tokens after the start token, with the end mark if it was reached.</returns>
    public static int[][] Greedy(
        T5Network network, Tensor inputIds, Tensor inputMask, int maxLength, int? startId = null,
        double[]? logProbabilities = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(network);
        ArgumentOutOfRangeException.ThrowIfLessThan(maxLength, 1);
        using var evaluation = new Evaluation(network);
        using var scope = NewDisposeScope();
        using var memory = network.Remember(network.Encode(inputIds, inputMask), inputMask);
        var positions = network.DecoderPositionBias(1, maxLength);

        var texts = Enumerable.Range(0, (int)inputIds.size(0)).Select(_ => new List<int>()).ToArray();
        var open = Enumerable.Range(0, texts.Length).ToArray();     // the texts that the rows of the memory belong to
        var last = Enumerable.Repeat((long)(startId ?? network.Config.StartId), texts.Length).ToArray();
        for (var length = 1; length < maxLength && open.Length > 0; length++)
        {
            cancellation.ThrowIfCancellationRequested();
            (last, var likely) = NextTokens(network, memory, positions, last, length, logProbabilities is not null);
            var going = new List<long>(open.Length);
            for (var row = 0; row < open.Length; row++)
            {
                texts[open[row]].Add((int)last[row]);
                if (logProbabilities is not null)
                {
                    logProbabilities[open[row]] += likely[row];
                }

                if (last[row] != network.Config.EndId)
                {
                    going.Add(row);
                }
            }

            if (going.Count < open.Length)
            {
                open = [.. going.Select(row => open[row])];
                last = [.. going.Select(row => last[row])];
                memory.Select([.. going], [.. going]);
            }
        }

        return [.. texts.Select(text => text.ToArray())];
    }

    /// <summary>Writes, for each input, the likeliest of several texts that are written side by side.</summary>
    /// <param name="network">The student.</param>
    /// <param name="inputIds">[B, K] int64, padded on the right.</param>
    /// <param name="inputMask">[B, K] bool, true on real tokens.</param>
    /// <param name="maxLength">Most tokens of a text, the start token included; at least 1.</param>
    /// <param name="beams">Texts written side by side; 1 is <see cref="Greedy"/>.</param>
    /// <param name="startId">The start token; the configuration's where missing.</param>
    /// <param name="cancellation">Stops between two tokens.</param>
    /// <returns>For each input the tokens after the start token, with the end mark unless the text was cut.</returns>
    /// <remarks>What makes a text the best: <see cref="BeamSearch"/>.</remarks>
    public static int[][] Beam(
        T5Network network, Tensor inputIds, Tensor inputMask, int maxLength, int beams, int? startId = null,
        CancellationToken cancellation = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(beams, 1);
        if (beams == 1)
        {
            return Greedy(network, inputIds, inputMask, maxLength, startId, cancellation: cancellation);
        }

        ArgumentNullException.ThrowIfNull(network);
        ArgumentOutOfRangeException.ThrowIfLessThan(maxLength, 1);
        using var evaluation = new Evaluation(network);
        using var scope = NewDisposeScope();
        using var memory = network.Remember(network.Encode(inputIds, inputMask), inputMask);
        var positions = network.DecoderPositionBias(1, maxLength);

        var inputs = Enumerable.Range(0, (int)inputIds.size(0));
        var searches = inputs.Select(_ => new BeamSearch(network.Config, beams, startId ?? network.Config.StartId)).ToArray();
        var open = searches;
        for (var length = 1; length < maxLength && open.Length > 0; length++)
        {
            cancellation.ThrowIfCancellationRequested();
            var (scores, candidates) = BestCandidates(network, memory, positions, open, length, beams);
            for (var i = 0; i < open.Length; i++)
            {
                var best = new Range(i * 2 * beams, (i + 1) * 2 * beams);
                open[i].Extend(scores.AsSpan(best), candidates.AsSpan(best), length);
            }

            var going = Enumerable.Range(0, open.Length).Where(i => !open[i].Done).ToArray();
            memory.Select(
                texts: [.. going.SelectMany(i => open[i].Texts.Select(text => ((long)i * beams) + text.Parent))],
                inputs: going.Length < open.Length ? [.. going.Select(i => (long)i)] : null);
            open = [.. going.Select(i => open[i])];
        }

        return [.. searches.Select(search => search.Best(maxLength))];
    }

    /// <summary>For each open input the 2·beams best ways to go on, best first.</summary>
    /// <returns>Sums of log-probabilities, and beam · V + token, [B · 2 · beams] each.</returns>
    private static (float[] Scores, long[] Candidates) BestCandidates(
        T5Network network, T5Memory memory, Tensor positions, BeamSearch[] open, int length, int beams)
    {
        using var scope = NewDisposeScope();
        var texts = open.SelectMany(search => search.Texts).ToList();
        var last = tensor(texts.Select(text => (long)text.Last).ToArray(), device: network.Device);    // [R]
        var soFar = tensor(texts.Select(text => text.Score).ToArray(), device: network.Device);        // [R]
        var logits = network.Step(last, memory, BiasOfLast(positions, length));                     // [R, V]
        var scores = logits.log_softmax(-1) + soFar.unsqueeze(1);
        var (best, candidates) = scores.view(open.Length, -1).topk(2 * beams);      // [B, 2 · beams] each
        return (best.cpu().data<float>().ToArray(), candidates.cpu().data<long>().ToArray());
    }

    /// <summary>For each open text the likeliest next token and, where wanted, its log-probability.</summary>
    private static (long[] Tokens, float[] Likely) NextTokens(
        T5Network network, T5Memory memory, Tensor positions, long[] last, int length, bool wanted)
    {
        using var scope = NewDisposeScope();
        var logits = network.Step(tensor(last, device: network.Device), memory, BiasOfLast(positions, length));    // [R, V]
        var tokens = logits.argmax(dim: -1);
        var likely = wanted ? logits.to_type(ScalarType.Float32).log_softmax(-1).gather(1, tokens.unsqueeze(1)).cpu().data<float>().ToArray() : [];
        return (tokens.cpu().data<long>().ToArray(), likely);
    }

    /// <summary>How the last token of a shorter text sees those before it. [1, H, 1, K] → [1, H, 1, length]</summary>
    private static Tensor BiasOfLast(Tensor positions, int length) =>
        positions.narrow(3, positions.size(3) - length, length);

    /// <summary>No gradients and no dropout, until disposed.</summary>
    private readonly struct Evaluation : IDisposable
    {
        private readonly T5Network network;
        private readonly bool wasTraining;
        private readonly IDisposable frozen;

        public Evaluation(T5Network network)
        {
            this.network = network;
            wasTraining = network.training;
            frozen = no_grad();
            network.eval();
        }

        public void Dispose()
        {
            network.train(wasTraining);
            frozen.Dispose();
        }
    }
}
