namespace StepDistill.Annotations;

/// <summary>How long rationales are, in words parted by white space. Students learn better from short ones.</summary>
/// <param name="Mean">The mean.</param>
/// <param name="P95">The length that 95 % of the rationales do not exceed.</param>
/// <param name="Max">The longest.</param>
public sealed record RationaleWords(double Mean, int P95, int Max)
{
    internal static int Count(ReadOnlySpan<char> text)
    {
        var (words, inside) = (0, false);
        foreach (var c in text)
        {
            words += !inside && !char.IsWhiteSpace(c) ? 1 : 0;
            inside = !char.IsWhiteSpace(c);
        }

        return words;
    }

    /// <param name="lengths">How many rationales have each length, in ascending order of length.</param>
    internal static RationaleWords? Of(SortedDictionary<int, long> lengths)
    {
        var total = lengths.Values.Sum();
        if (total == 0)
        {
            return null;
        }

        var rank = (long)Math.Ceiling(total * 0.95);
        var below = 0L;
        var p95 = lengths.First(length => (below += length.Value) >= rank).Key;
        return new RationaleWords(lengths.Sum(length => (double)length.Key * length.Value) / total, p95, lengths.Keys.Max());
    }
}
