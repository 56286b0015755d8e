using System.Numerics.Tensors;

namespace StepDistill.Inference.Sessions;

/// <summary>Writes, for each input, the likeliest next token until that is the end mark.</summary>
internal static class GreedySearch
{
    /// <summary>Writes.</summary>
    /// <param name="sessions">The student.</param>
    /// <param name="encoded">[B] inputs.</param>
    /// <param name="startId">The first token.</param>
    /// <param name="maxLength">Most tokens of a text, the start token included.</param>
    /// <param name="likely">[B] where each text's log-probability goes; null where nobody wants it.</param>
    /// <param name="written">Called with each row and its new token, as it comes; null where nobody wants it.</param>
    /// <param name="cancellation">Stops between tokens.</param>
    /// <returns>The tokens after the start token, with the end mark if it was reached.</returns>
    public static int[][] Write(
        StudentSessions sessions, Encoded encoded, int startId, int maxLength, double[]? likely, Action<int, int>? written, CancellationToken cancellation)
    {
        var end = sessions.Config.EndId;
        var texts = new List<int>[encoded.Rows];
        for (var row = 0; row < texts.Length; row++)
        {
            texts[row] = new List<int>(Math.Min(maxLength, 64));
        }

        if (maxLength <= 1)
        {
            return [.. texts.Select(text => text.ToArray())];
        }

        var (logits, memory) = sessions.Begin(encoded, startId);
        using var kept = memory;
        var open = Enumerable.Range(0, texts.Length).ToArray();        // the input that each row of the memory belongs to
        var ended = new bool[texts.Length];
        for (var length = 1; ; length++)
        {
            cancellation.ThrowIfCancellationRequested();
            var last = new long[open.Length];
            using (logits)
            {
                var scores = logits.GetTensorDataAsSpan<float>();
                var vocabulary = scores.Length / open.Length;
                for (var row = 0; row < open.Length; row++)
                {
                    if (ended[open[row]])
                    {
                        continue;
                    }

                    var ours = scores.Slice(row * vocabulary, vocabulary);
                    var token = TensorPrimitives.IndexOfMax(ours);
                    last[row] = token;
                    texts[open[row]].Add(token);
                    ended[open[row]] = token == end;
                    if (likely is not null)
                    {
                        likely[open[row]] += ours[token] - LogSum.Of(ours);
                    }

                    written?.Invoke(open[row], token);
                }
            }

            var going = Enumerable.Range(0, open.Length).Where(row => !ended[open[row]]).ToArray();
            if (going.Length == 0 || length + 1 >= maxLength)
            {
                return [.. texts.Select(text => text.ToArray())];
            }

            // Copying what is remembered costs about as much as a token, so a few rows that have ended are carried along.
            if (going.Length <= open.Length * 3 / 4)
            {
                memory.Select(going);
                open = [.. going.Select(row => open[row])];
                last = [.. going.Select(row => last[row])];
            }

            logits = sessions.Continue(memory, last);
        }
    }
}
