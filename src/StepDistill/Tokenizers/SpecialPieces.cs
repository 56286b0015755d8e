using System.Buffers;

namespace StepDistill.Tokenizers;

/// <summary>
/// The marks that stand outside ordinary text: end, padding, unknown, sentinels and what a task adds.
/// </summary>
/// <remarks>
/// Ids as Hugging Face's T5 tokenizer gives them: after the model's n pieces come the sentinels, the last first
/// (<c>&lt;extra_id_0&gt;</c> is n + 99), then those marks that the model has no piece for. Safe for concurrent use.
/// </remarks>
internal sealed class SpecialPieces
{
    // White space as Python's str.strip knows it.
    private static readonly char[] White =
    [
        '\t', '\n', '\v', '\f', '\r', '\x1c', '\x1d', '\x1e', '\x1f', ' ', '\x85', '\xa0', '\u1680', '\u2000', '\u2001',
        '\u2002', '\u2003', '\u2004', '\u2005', '\u2006', '\u2007', '\u2008', '\u2009', '\u200a', '\u2028', '\u2029',
        '\u202f', '\u205f', '\u3000',
    ];

    private const int Most = 10_000;

    private readonly Dictionary<string, int> marks = [];
    private readonly int[] lengths;
    private readonly SearchValues<string> any;
    private readonly HashSet<int> ids;

    /// <summary>Gives every mark its id.</summary>
    /// <param name="model">The vocabulary.</param>
    /// <param name="names">How the marks are written.</param>
    /// <exception cref="InvalidDataException">There are too many marks.</exception>
    public SpecialPieces(SentencePieceModel model, SpecialNames names)
    {
        if (names.Sentinels + names.Others.Count > Most)
        {
            throw new InvalidDataException(
                $"it has {names.Sentinels} sentinels and {names.Others.Count} other marks; at most {Most} are read");
        }

        Names = names;
        var pieces = new Dictionary<string, int>();
        for (var id = 0; id < model.Pieces.Count; id++)
        {
            // A text stands for a reserved piece before it stands for an ordinary one (PieceToId).
            var text = System.Text.Encoding.UTF8.GetString(model.Pieces[id].Text);
            if (model.Pieces[id].Kind is PieceKind.Control or PieceKind.Unknown or PieceKind.Byte)
            {
                pieces[text] = id;
            }
            else
            {
                pieces.TryAdd(text, id);
            }

            UnknownId = model.Pieces[id].Kind == PieceKind.Unknown ? id : UnknownId;
        }

        VocabularySize = model.Pieces.Count + names.Sentinels;
        for (var i = 0; i < names.Sentinels; i++)
        {
            marks[SpecialNames.Sentinel(i)] = VocabularySize - 1 - i;
        }

        foreach (var name in (string[])[names.End, names.Unknown, names.Pad, .. names.Others])
        {
            if (!marks.ContainsKey(name))
            {
                marks[name] = pieces.TryGetValue(name, out var id) ? id : VocabularySize++;
            }
        }

        PadId = marks[names.Pad];
        EndId = marks[names.End];
        ids = [.. marks.Values, UnknownId];
        lengths = [.. marks.Keys.Select(mark => mark.Length).Distinct().OrderDescending()];
        any = SearchValues.Create([.. marks.Keys], StringComparison.Ordinal);
    }

    public SpecialNames Names { get; }

    /// <summary>Every mark's id.</summary>
    public IReadOnlyDictionary<string, int> Ids => marks;

    public int VocabularySize { get; }

    public int PadId { get; }

    public int EndId { get; }

    public int UnknownId { get; }

    public bool Contains(int id) => ids.Contains(id);

    /// <summary>Finds the first mark in a text, the longest of those that start there.</summary>
    /// <returns>Where it starts, or -1.</returns>
    public int Find(ReadOnlySpan<char> text, out int length, out int id)
    {
        var start = text.IndexOfAny(any);
        if (start >= 0)
        {
            var lookup = marks.GetAlternateLookup<ReadOnlySpan<char>>();
            foreach (var candidate in lengths)
            {
                if (start + candidate <= text.Length && lookup.TryGetValue(text.Slice(start, candidate), out id))
                {
                    length = candidate;
                    return start;
                }
            }
        }

        length = 0;
        id = -1;
        return -1;
    }

    public static ReadOnlySpan<char> Trim(ReadOnlySpan<char> text, bool start, bool end)
    {
        text = start ? text.TrimStart(White) : text;
        return end ? text.TrimEnd(White) : text;
    }
}
