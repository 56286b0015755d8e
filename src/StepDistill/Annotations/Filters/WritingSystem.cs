using StepDistill.Tokenizers;

namespace StepDistill.Annotations.Filters;

/// <summary>Compares the scripts of two texts, by what Unicode says about their characters.</summary>
/// <remarks>
/// It can tell Chinese from English and Russian from Greek; it cannot tell English from German, nor Russian from Bulgarian,
/// which are written alike.
/// </remarks>
internal static class WritingSystem
{
    /// <summary>Letters below which a text is too short to be judged: a name or a unit may be written in any script.</summary>
    private const int FewLetters = 4;

    /// <summary>The share of the input's letters from which a script counts as one of the input's own.</summary>
    private const double OwnShare = 0.1;

    /// <summary>Whether a text may be in the language of another: its main script is one of the other's.</summary>
    /// <param name="text">The text.</param>
    /// <param name="other">The other.</param>
    public static bool MayBeOf(string text, string other)
    {
        var (letters, others) = (Count(text), Count(other));
        if (letters.Values.Sum() < FewLetters || others.Values.Sum() < FewLetters)
        {
            return true;
        }

        var main = letters.MaxBy(script => (script.Value, -script.Key)).Key;
        return others.GetValueOrDefault(main) >= OwnShare * others.Values.Sum();
    }

    private static Dictionary<int, int> Count(string text)
    {
        var counts = new Dictionary<int, int>();
        foreach (var rune in text.EnumerateRunes())
        {
            if (UnicodeScripts.Of(rune.Value) is >= 0 and var script)
            {
                counts[script] = counts.GetValueOrDefault(script) + 1;
            }
        }

        return counts;
    }
}
