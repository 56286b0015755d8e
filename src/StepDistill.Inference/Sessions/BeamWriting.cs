using StepDistill.Students.Decoding;

namespace StepDistill.Inference.Sessions;

/// <summary>Writes, for each input, the likeliest of several texts that are written side by side.</summary>
internal static class BeamWriting
{
    /// <summary>Writes.</summary>
    /// <param name="sessions">The student.</param>
    /// <param name="encoded">[B] inputs.</param>
    /// <param name="startId">The first token.</param>
    /// <param name="maxLength">Most tokens of a text, the start token included.</param>
    /// <param name="beams">Texts side by side.</param>
    /// <param name="cancellation">Stops between tokens.</param>
    /// <returns>The tokens after the start token, with the end mark unless the text was cut.</returns>
    public static int[][] Write(
        StudentSessions sessions, Encoded encoded, int startId, int maxLength, int beams, CancellationToken cancellation)
    {
        var searches = Enumerable.Range(0, encoded.Rows).Select(_ => new BeamSearch(sessions.Config, beams, startId)).ToArray();
        var open = searches;
        var (logits, memory) = sessions.Begin(encoded, startId);
        using var kept = memory;
        memory.Select([.. Enumerable.Range(0, encoded.Rows * beams).Select(row => row / beams)]);
        for (var length = 1; ; length++)
        {
            cancellation.ThrowIfCancellationRequested();
            using (logits)
            {
                var scores = logits.GetTensorDataAsSpan<float>();
                for (var i = 0; i < open.Length; i++)
                {
                    Extend(open[i], i, scores, length == 1 ? 1 : beams, sessions.Config.VocabularySize, beams, length);
                }
            }

            var going = Enumerable.Range(0, open.Length).Where(i => !open[i].Done).ToArray();
            if (going.Length == 0 || length + 1 >= maxLength)
            {
                return [.. searches.Select(search => search.Best(maxLength))];
            }

            int[] parents = [.. going.SelectMany(i => open[i].Texts.Select(text => (i * beams) + text.Parent))];
            if (going.Length < open.Length)
            {
                memory.Select(parents);
            }
            else
            {
                memory.SelectTexts(parents);
            }

            open = [.. going.Select(i => open[i])];
            logits = sessions.Continue(memory, [.. open.SelectMany(search => search.Texts.Select(text => (long)text.Last))]);
        }
    }

    /// <param name="search">The texts of one input.</param>
    /// <param name="place">Its place among those that are open.</param>
    /// <param name="scores">[open · texts, V]</param>
    /// <param name="texts">How many texts of each input have scores: one at the first step, where all are the same.</param>
    /// <param name="vocabulary">V</param>
    /// <param name="beams">Texts side by side.</param>
    /// <param name="length">Tokens of the texts, the start token included.</param>
    private static void Extend(BeamSearch search, int place, ReadOnlySpan<float> scores, int texts, int vocabulary, int beams, int length)
    {
        var best = new PriorityQueue<long, (float Score, long Candidate)>(2 * beams + 1);
        for (var beam = 0; beam < beams; beam++)
        {
            var ours = scores.Slice(((place * texts) + Math.Min(beam, texts - 1)) * vocabulary, vocabulary);
            var (sum, soFar) = ((float)LogSum.Of(ours), search.Texts[beam].Score);
            for (var token = 0; token < vocabulary; token++)
            {
                var (score, candidate) = (ours[token] - sum + soFar, ((long)beam * vocabulary) + token);
                if (best.Count < 2 * beams)
                {
                    best.Enqueue(candidate, (score, -candidate));
                }
                else if (best.TryPeek(out _, out var worst) && score > worst.Score)
                {
                    best.DequeueEnqueue(candidate, (score, -candidate));
                }
            }
        }

        var ranked = new List<(long Candidate, float Score)>(best.Count);
        while (best.TryDequeue(out var candidate, out var priority))
        {
            ranked.Add((candidate, priority.Score));
        }

        ranked.Reverse();
        search.Extend([.. ranked.Select(one => one.Score)], [.. ranked.Select(one => one.Candidate)], length);
    }
}
