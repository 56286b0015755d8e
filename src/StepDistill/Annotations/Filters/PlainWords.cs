using System.Text;
using StepDistill.Tokenizers;

namespace StepDistill.Annotations.Filters;

/// <summary>A text as its words in lower case, without signs and white space; of Chinese and Japanese each character is a word.</summary>
internal static class PlainWords
{
    private static readonly int Han = UnicodeScripts.Of('\u4E00');

    /// <summary>The words of a text.</summary>
    public static List<string> Of(string text)
    {
        var words = new List<string>();
        var word = new StringBuilder();
        foreach (var rune in text.EnumerateRunes())
        {
            var isAlone = UnicodeScripts.Of(rune.Value) == Han;
            if (isAlone || !Rune.IsLetterOrDigit(rune))
            {
                End();
            }

            if (isAlone || Rune.IsLetterOrDigit(rune))
            {
                word.Append(Rune.ToLowerInvariant(rune));
            }

            if (isAlone)
            {
                End();
            }
        }

        End();
        return words;

        void End()
        {
            if (word.Length > 0)
            {
                words.Add(word.ToString());
                word.Clear();
            }
        }
    }

    /// <summary>Whether words stand in others one after the other.</summary>
    public static bool Contains(List<string> words, List<string> part)
    {
        for (var start = 0; start + part.Count <= words.Count; start++)
        {
            var length = 0;
            while (length < part.Count && words[start + length] == part[length])
            {
                length++;
            }

            if (length == part.Count)
            {
                return true;
            }
        }

        return false;
    }
}
