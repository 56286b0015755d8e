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
    /// <param name="cancellation">Stops between two tokens.</param>
    /// <returns>For each input the tokens after the start token, with the end mark if it was reached.</returns>
    public static int[][] Greedy(
        T5Network network, Tensor inputIds, Tensor inputMask, int maxLength, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(network);
        ArgumentOutOfRangeException.ThrowIfLessThan(maxLength, 1);
        using var evaluation = new Evaluation(network);
        using var scope = NewDisposeScope();
        using var memory = network.Remember(network.Encode(inputIds, inputMask), inputMask);
        var selfBias = network.SelfBias(maxLength);

        var texts = Enumerable.Range(0, (int)inputIds.size(0)).Select(_ => new List<int>()).ToArray();
        var open = Enumerable.Range(0, texts.Length).ToArray();     // the texts that the rows of the memory belong to
        var last = Enumerable.Repeat((long)network.Config.StartId, texts.Length).ToArray();
        for (var length = 1; length < maxLength && open.Length > 0; length++)
        {
            cancellation.ThrowIfCancellationRequested();
            last = NextTokens(network, memory, selfBias, last, length);
            var going = new List<long>(open.Length);
            for (var row = 0; row < open.Length; row++)
            {
                texts[open[row]].Add((int)last[row]);
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

    private static long[] NextTokens(T5Network network, T5Memory memory, Tensor selfBias, long[] last, int length)
    {
        using var scope = NewDisposeScope();
        return network.Step(tensor(last), memory, BiasRow(selfBias, length)).argmax(dim: -1).data<long>().ToArray();
    }

    /// <summary>The row of the last token of a text of that length. [1, H, Q, Q] → [1, H, 1, length]</summary>
    private static Tensor BiasRow(Tensor selfBias, int length) => selfBias.narrow(2, length - 1, 1).narrow(3, 0, length);

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
