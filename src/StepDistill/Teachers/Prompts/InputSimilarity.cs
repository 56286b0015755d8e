using System.Buffers;
using System.Text;

namespace StepDistill.Teachers.Prompts;

/// <summary>How alike a text is to each of a list of texts, by the words that they share: BM25.</summary>
/// <remarks>
/// Robertson and Zaragoza 2009, "The Probabilistic Relevance Framework: BM25 and Beyond", section 3.2, with their usual
/// k₁ = 1.2 and b = 0.75, and 1 added inside the logarithm so that no word counts against a text. A word is a run of letters
/// and digits in lower case; Chinese and Japanese, written without blanks, count by characters. Immutable, so safe for use by
/// several threads at once.
/// </remarks>
internal sealed class InputSimilarity
{
    private const double K1 = 1.2;
    private const double B = 0.75;

    /// <summary>Scores are rounded to this many digits, so that another machine's logarithm cannot change an order.</summary>
    private const int Digits = 6;

    private readonly Dictionary<string, List<(int Text, double Weight)>> _texts = new(StringComparer.Ordinal);
    private readonly int _count;

    /// <summary>Counts words.</summary>
    /// <param name="texts">The texts.</param>
    public InputSimilarity(IReadOnlyList<string> texts)
    {
        _count = texts.Count;
        var words = texts.Select(Words).ToList();
        var meanLength = Math.Max(1, words.Sum(text => text.Count) / (double)Math.Max(1, texts.Count));
        for (var text = 0; text < words.Count; text++)
        {
            var norm = K1 * (1 - B + (B * words[text].Count / meanLength));
            foreach (var (word, times) in words[text].CountBy(word => word))
            {
                var list = _texts.TryGetValue(word, out var known) ? known : _texts[word] = [];
                list.Add((text, times * (K1 + 1) / (times + norm)));
            }
        }
    }

    /// <summary>The score of each text, at least 0; the higher, the more alike.</summary>
    /// <param name="input">What they are compared with.</param>
    public double[] ScoresFor(string input)
    {
        var scores = new double[_count];
        foreach (var word in Words(input).Distinct(StringComparer.Ordinal))
        {
            if (_texts.TryGetValue(word, out var texts))
            {
                var rarity = Math.Log(1 + ((_count - texts.Count + 0.5) / (texts.Count + 0.5)));
                foreach (var (text, weight) in texts)
                {
                    scores[text] += rarity * weight;
                }
            }
        }

        return Array.ConvertAll(scores, score => Math.Round(score, Digits));
    }

    /// <summary>The words of a text, in order.</summary>
    internal static List<string> Words(string text)
    {
        var words = new List<string>();
        var word = new StringBuilder();
        for (var at = 0; at < text.Length;)
        {
            var status = Rune.DecodeFromUtf16(text.AsSpan(at), out var rune, out var length);
            at += length;
            var counts = status == OperationStatus.Done && Rune.IsLetterOrDigit(rune);
            if (!counts || StandsAlone(rune))
            {
                Close();
            }

            if (counts)
            {
                word.Append(Rune.ToLowerInvariant(rune).ToString());
                if (StandsAlone(rune))
                {
                    Close();
                }
            }
        }

        Close();
        return words;

        void Close()
        {
            if (word.Length > 0)
            {
                words.Add(word.ToString());
                word.Clear();
            }
        }
    }

    /// <summary>Kana and the ideographs of Chinese and Japanese.</summary>
    private static bool StandsAlone(Rune rune) =>
        rune.Value is (>= 0x3040 and <= 0x30FF) or (>= 0x3400 and <= 0x4DBF) or (>= 0x4E00 and <= 0x9FFF) or (>= 0x20000 and <= 0x3FFFF);
}
