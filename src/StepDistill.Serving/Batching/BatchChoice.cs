namespace StepDistill.Serving.Batching;

/// <summary>Chooses which of the waiting rows make the next batch: the oldest, and those most like it in length.</summary>
/// <remarks>
/// A batch costs its longest row times its rows, so rows of like length belong together. The oldest row always goes. A row that
/// younger ones have passed <see cref="MostPasses"/> times goes before any that fits better, so none starves.
/// </remarks>
internal static class BatchChoice
{
    /// <summary>How often a row lets younger ones go first.</summary>
    public const int MostPasses = 2;

    /// <summary>How far from the front rows are looked at, in batches.</summary>
    private const int WindowInBatches = 4;

    /// <summary>Chooses.</summary>
    /// <param name="waiting">The rows, oldest first; at least one. Those passed over are marked so.</param>
    /// <param name="limits">How large a batch may be.</param>
    /// <returns>Rows of one student, the oldest among them.</returns>
    public static List<QueuedRow> Choose(LinkedList<QueuedRow> waiting, BatchLimits limits)
    {
        var oldest = waiting.First!.Value;
        var candidates = new List<QueuedRow>(Math.Min(waiting.Count, WindowInBatches * limits.MaxRows));
        var looked = 0;
        for (var node = waiting.First.Next; node is not null && ++looked < WindowInBatches * limits.MaxRows; node = node.Next)
        {
            if (ReferenceEquals(node.Value.Group.Student, oldest.Group.Student))
            {
                candidates.Add(node.Value);
            }
        }

        var youngest = 0;       // how far down the line the batch reaches, in places among the candidates
        List<QueuedRow> batch = [oldest];
        var longest = oldest.Tokens;
        foreach (var place in ByPreference(candidates, oldest, limits))
        {
            var row = candidates[place];
            var reach = Math.Max(longest, row.Tokens);
            if (batch.Count == limits.MaxRows)
            {
                break;
            }

            if ((long)reach * (batch.Count + 1) <= limits.MaxTokens)
            {
                batch.Add(row);
                (longest, youngest) = (reach, Math.Max(youngest, place));
            }
        }

        MarkPassed(candidates, batch, youngest);
        return batch;
    }

    private static IEnumerable<int> ByPreference(List<QueuedRow> candidates, QueuedRow oldest, BatchLimits limits)
    {
        var places = Enumerable.Range(0, candidates.Count);
        var longest = Math.Max(oldest.Tokens, candidates.Select(row => row.Tokens).DefaultIfEmpty().Max());
        if (candidates.Count < limits.MaxRows && (long)longest * (candidates.Count + 1) <= limits.MaxTokens)
        {
            return places;      // all of them fit: there is no choice to make
        }

        return places
            .OrderByDescending(place => candidates[place].Passes >= MostPasses)
            .ThenBy(place => candidates[place].Passes >= MostPasses ? 0 : Math.Abs(candidates[place].Tokens - oldest.Tokens));
    }

    private static void MarkPassed(List<QueuedRow> candidates, List<QueuedRow> batch, int youngest)
    {
        var chosen = batch.ToHashSet();
        for (var place = 0; place < youngest; place++)
        {
            if (!chosen.Contains(candidates[place]))
            {
                candidates[place].Passes++;
            }
        }
    }
}
