using StepDistill.Files;

namespace StepDistill.Batches;

/// <summary>Spoils rationales on purpose: what a student still gains from them is not due to reasons.</summary>
/// <remarks>
/// Source: Wadhwa et al. 2024, arXiv 2406.14511, who find that rationales with shuffled tokens keep much of the gain. All
/// chance comes from seed and ids; the order of the lessons does not matter.
/// </remarks>
public static class RationaleControl
{
    /// <summary>Does what <c>training.rationale_control</c> says.</summary>
    /// <param name="control"><c>none</c>, <c>shuffled-words</c> or <c>shuffled-rows</c>.</param>
    /// <param name="lessons">The lessons of a whole training set.</param>
    /// <param name="seed">Decides the order.</param>
    /// <returns>The same lessons in the same order, with other rationales.</returns>
    /// <exception cref="StepDistillException">Rows are to be shuffled and only one has a rationale.</exception>
    public static List<Lesson> Apply(string control, List<Lesson> lessons, int seed) => control switch
    {
        "none" => lessons,
        "shuffled-words" => lessons.ConvertAll(lesson => lesson with
        {
            Rationales = [.. lesson.Rationales.Select((text, number) => ShuffleWords(text, $"{seed}", lesson.ExampleId, $"{number}"))],
        }),
        "shuffled-rows" => ShuffleRows(lessons, seed),
        _ => throw new ArgumentException(
            $"The control is '{control}'; it must be none, shuffled-words or shuffled-rows.", nameof(control)),
    };

    /// <summary>Shuffles a text's words; never gives its own order, but where all words are the same.</summary>
    private static string ShuffleWords(string text, params string[] chance)
    {
        var words = text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        if (words.Length < 2)
        {
            return text;
        }

        var shuffled = words.ToArray();
        new SplitMix64(Convert.ToUInt64(ContentHash.Of(["shuffled words", .. chance])[..16], 16)).Shuffle(shuffled.AsSpan());
        return string.Join(' ', shuffled.SequenceEqual(words) ? [.. words[1..], words[0]] : shuffled);
    }

    /// <summary>Gives every row that has rationales all those of another.</summary>
    /// <remarks>
    /// Rows stand in a circle in random order, those with a text in common side by side, and each takes the rationales of the
    /// row that is as many places ahead as the largest such group is long: so none gets its own, nor the same words from
    /// another row, unless more than half of the rows share them.
    /// </remarks>
    private static List<Lesson> ShuffleRows(List<Lesson> lessons, int seed)
    {
        var rows = lessons.Where(lesson => lesson.Rationales.Count > 0).ToList();
        if (rows.Count == 0)
        {
            return lessons;
        }

        if (rows.Count == 1)
        {
            throw new StepDistillException(
                $"training.rationale_control is shuffled-rows, and only the row {rows[0].ExampleId} has a rationale; there must be at "
                + "least two to deal out. Use more rows, or shuffled-words.");
        }

        var chances = rows.ConvertAll(row => ContentHash.Of("shuffled rows", $"{seed}", row.ExampleId));
        var groups = Groups(rows)
            .Select((group, row) => (Group: group, Row: row))
            .GroupBy(one => one.Group, one => one.Row)
            .Select(group => group.OrderBy(row => chances[row], StringComparer.Ordinal).ToList())
            .OrderBy(group => chances[group[0]], StringComparer.Ordinal)
            .ToList();
        var circle = groups.SelectMany(group => group).ToList();
        var ahead = Math.Min(groups.Max(group => group.Count), rows.Count - 1);
        var dealt = new IReadOnlyList<string>[rows.Count];
        for (var place = 0; place < circle.Count; place++)
        {
            dealt[circle[place]] = rows[circle[(place + ahead) % circle.Count]].Rationales;
        }

        var next = 0;
        return lessons.ConvertAll(lesson =>
            lesson.Rationales.Count == 0 ? lesson : lesson with { Rationales = dealt[next++] });
    }

    /// <summary>For each row the number of its group: rows with a text in common, also by way of a third, are in one.</summary>
    private static int[] Groups(List<Lesson> rows)
    {
        var parents = Enumerable.Range(0, rows.Count).ToArray();
        var first = new Dictionary<string, int>(StringComparer.Ordinal);
        for (var row = 0; row < rows.Count; row++)
        {
            foreach (var text in rows[row].Rationales)
            {
                if (!first.TryAdd(text, row))
                {
                    parents[Root(row)] = Root(first[text]);
                }
            }
        }

        return [.. parents.Select((_, row) => Root(row))];

        int Root(int row)
        {
            while (parents[row] != row)
            {
                row = parents[row] = parents[parents[row]];
            }

            return row;
        }
    }
}
