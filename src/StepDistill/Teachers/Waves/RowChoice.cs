using StepDistill.Annotations.Filters;
using StepDistill.Files;

namespace StepDistill.Teachers.Waves;

/// <summary>A row that might be asked about next.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Text">Its input.</param>
/// <param name="Confidence">The probability that the student gives its own answer.</param>
public sealed record Candidate(string Id, string Text, double Confidence);

/// <summary>Which rows to ask a teacher about next.</summary>
public static class RowChoice
{
    /// <summary>Among so many times the wanted rows of least confidence are the most different ones chosen.</summary>
    private const int Reach = 4;

    /// <summary>A place in an order that has nothing to do with what a row says, the same on every machine.</summary>
    /// <param name="id">The row's id.</param>
    /// <param name="seed">The recipe's seed.</param>
    public static string Place(string id, int seed) => ContentHash.Of(["wave", $"{seed}", id]);

    /// <summary>Rows that the student is least sure of, spread out so that no two say nearly the same.</summary>
    /// <remarks>
    /// Least confidence (Lewis and Gale 1994) over the whole text of an answer; then, among four times as many rows as
    /// wanted, the one farthest from all that are chosen, again and again (k-center: Sener and Savarese 2018, arXiv
    /// 1708.00489), by the share of words that two inputs have in common (Jaccard).
    /// </remarks>
    /// <param name="pool">The rows to choose from.</param>
    /// <param name="count">How many are wanted.</param>
    /// <returns>Their ids; all of them where there are no more.</returns>
    public static IReadOnlyList<string> Uncertain(IReadOnlyList<Candidate> pool, int count)
    {
        var near = pool.OrderBy(row => row.Confidence).ThenBy(row => row.Id, StringComparer.Ordinal).Take(count * Reach)
            .Select(row => (row.Id, Words: PlainWords.Of(row.Text).ToHashSet())).ToList();
        var chosen = new List<string>(count);
        var likeness = new double[near.Count];      // to the most alike of the chosen; infinite once chosen
        for (var next = 0; chosen.Count < count && chosen.Count < near.Count;)
        {
            chosen.Add(near[next].Id);
            likeness[next] = double.PositiveInfinity;
            var words = near[next].Words;
            var least = -1;
            for (var i = 0; i < near.Count; i++)
            {
                if (double.IsFinite(likeness[i]))
                {
                    likeness[i] = Math.Max(likeness[i], Jaccard(words, near[i].Words));
                    least = least < 0 || likeness[i] < likeness[least] ? i : least;     // the less confident of equals
                }
            }

            next = least;
        }

        return chosen;
    }

    private static double Jaccard(HashSet<string> one, HashSet<string> other)
    {
        var (few, many) = one.Count < other.Count ? (one, other) : (other, one);
        var common = few.Count(many.Contains);
        return common == 0 ? 0 : (double)common / (few.Count + many.Count - common);
    }
}
