namespace StepDistill.Evaluation;

/// <summary>How much of one rationale another one repeats, in order: ROUGE-L.</summary>
/// <remarks>
/// Lin 2004, <em>ROUGE: a package for automatic evaluation of summaries</em>, section 3: the F-measure of precision and
/// recall of the longest common subsequence of words, with β = 1. Words are runs of letters and digits in lower case,
/// of any script (Google's <c>rouge_score</c> keeps a to z and 0 to 9 only, and can stem; nothing is stemmed here).
/// </remarks>
public static class RationaleOverlap
{
    /// <summary>Compares two texts.</summary>
    /// <param name="candidate">What was written.</param>
    /// <param name="reference">What it is compared with.</param>
    /// <returns>
    /// From 0 (no word in common, or one text without words) to 1 (the same words in the same order).
    /// </returns>
    public static double RougeL(string candidate, string reference)
    {
        var one = Words(candidate);
        var other = Words(reference);
        if (one.Count == 0 || other.Count == 0)
        {
            return 0;
        }

        // 2·P·R / (P + R) with P = common / |one| and R = common / |other|
        return 2.0 * Common(one, other) / (one.Count + other.Count);
    }

    private static int Common(List<string> one, List<string> other)
    {
        var row = new int[other.Count + 1];     // row[j]: longest common subsequence with the first j words of other
        foreach (var word in one)
        {
            var diagonal = 0;
            for (var j = 1; j <= other.Count; j++)
            {
                (diagonal, row[j]) = (row[j], word == other[j - 1] ? diagonal + 1 : Math.Max(row[j], row[j - 1]));
            }
        }

        return row[^1];
    }

    private static List<string> Words(string text)
    {
        var words = new List<string>();
        for (var start = 0; start < text.Length;)
        {
            var end = start;
            while (end < text.Length && char.IsLetterOrDigit(text[end]))
            {
                end++;
            }

            if (end > start)
            {
                words.Add(text[start..end].ToLowerInvariant());
            }

            start = end + 1;
        }

        return words;
    }
}
