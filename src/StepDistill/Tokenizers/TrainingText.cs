using System.Text;
using System.Text.RegularExpressions;

namespace StepDistill.Tokenizers;

/// <summary>What a vocabulary is trained on: the different words of some texts, and how often each occurs.</summary>
/// <remarks>
/// A word is what stands between two places where white space starts, with the U+2581 before it; no piece reaches
/// beyond one. Marks that are written out in a text (<c>&lt;/s&gt;</c>, <c>&lt;extra_id_7&gt;</c>) and characters too
/// rare to be covered end a word, too.
/// </remarks>
internal sealed partial class TrainingText
{
    private const char Space = '\u2581';

    private TrainingText(
        IReadOnlyList<(string Text, long Count)> words, IReadOnlyList<(Rune Character, long Count)> characters)
    {
        Words = words;
        Characters = characters;
    }

    /// <summary>The words in ordinal order.</summary>
    public IReadOnlyList<(string Text, long Count)> Words { get; }

    /// <summary>The characters that the vocabulary must hold, the most frequent first.</summary>
    public IReadOnlyList<(Rune Character, long Count)> Characters { get; }

    /// <summary>Reads texts.</summary>
    /// <param name="texts">The texts, each read once.</param>
    /// <param name="normalizer">What is done to them first.</param>
    /// <param name="coverage">Which share of all characters, from 0 to 1, the vocabulary must cover.</param>
    /// <param name="cancellation">Stops the reading.</param>
    public static TrainingText Read(
        IEnumerable<string> texts, TextNormalizer normalizer, double coverage, CancellationToken cancellation)
    {
        var words = new Dictionary<string, long>();
        foreach (var text in texts)
        {
            cancellation.ThrowIfCancellationRequested();
            foreach (var part in Mark().EnumerateSplits(text))
            {
                CountWords(Normalize(text.AsSpan(part), normalizer), words);
            }
        }

        var characters = Cover(words, coverage);
        var covered = characters.Select(entry => entry.Character).ToHashSet();
        var whole = new Dictionary<string, long>();
        foreach (var (word, count) in words)
        {
            CutAtRareCharacters(word, count, covered, whole);
        }

        return new TrainingText(
            [.. whole.OrderBy(word => word.Key, StringComparer.Ordinal).Select(word => (word.Key, word.Value))],
            characters);
    }

    private static string Normalize(ReadOnlySpan<char> text, TextNormalizer normalizer)
    {
        var bytes = new ByteBuffer(text.Length + 16);
        var normalized = new ByteBuffer(text.Length + 16);
        try
        {
            bytes.Append(text);
            normalizer.Normalize(bytes.Written, ref normalized);
            return Encoding.UTF8.GetString(normalized.Written);
        }
        finally
        {
            bytes.Dispose();
            normalized.Dispose();
        }
    }

    private static void CountWords(string text, Dictionary<string, long> words)
    {
        var lookup = words.GetAlternateLookup<ReadOnlySpan<char>>();
        for (var start = 0; start < text.Length;)
        {
            var next = text.IndexOf(Space, start + 1);
            var end = next < 0 ? text.Length : next;
            System.Runtime.InteropServices.CollectionsMarshal.GetValueRefOrAddDefault(
                lookup, text.AsSpan(start, end - start), out _)++;
            start = end;
        }
    }

    private static List<(Rune Character, long Count)> Cover(Dictionary<string, long> words, double coverage)
    {
        var counts = new Dictionary<Rune, long>();
        var total = 0L;
        foreach (var (word, count) in words)
        {
            foreach (var character in word.EnumerateRunes())
            {
                // A zero byte would end a piece in SentencePiece's own reader.
                if (character.Value != 0)
                {
                    counts[character] = counts.GetValueOrDefault(character) + count;
                    total += count;
                }
            }
        }

        var covered = new List<(Rune, long)>();
        var sum = 0L;
        foreach (var (character, count) in counts.OrderByDescending(entry => entry.Value).ThenBy(entry => entry.Key))
        {
            if (sum >= coverage * total)
            {
                break;
            }

            sum += count;
            covered.Add((character, count));
        }

        return covered;
    }

    private static void CutAtRareCharacters(
        string word, long count, HashSet<Rune> covered, Dictionary<string, long> whole)
    {
        var start = 0;
        var place = 0;
        void Add()
        {
            if (place > start)
            {
                var part = word[start..place];
                whole[part] = whole.GetValueOrDefault(part) + count;
            }
        }

        foreach (var character in word.EnumerateRunes())
        {
            if (!covered.Contains(character))
            {
                Add();
                start = place + character.Utf16SequenceLength;
            }

            place += character.Utf16SequenceLength;
        }

        Add();
    }

    [GeneratedRegex("<pad>|</s>|<unk>|<extra_id_[0-9]{1,2}>")]
    private static partial Regex Mark();
}
