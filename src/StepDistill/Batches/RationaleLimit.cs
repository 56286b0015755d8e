namespace StepDistill.Batches;

/// <summary>Cuts rationales to a number of words.</summary>
/// <remarks>
/// Words are parted by white space. What is left is always the text's own beginning: up to the last sentence that fits
/// whole, or, where not even the first one fits, up to the last word that does, so that no example loses all its reasons.
/// A sentence ends with <c>.</c>, <c>!</c>, <c>?</c> or <c>…</c>, perhaps followed by closing quotes or brackets, before
/// white space that no lower-case letter follows ("e.g. this" is no end), or at a line's end.
/// </remarks>
public static class RationaleLimit
{
    private const string Ends = ".!?…。！？";
    private const string Closers = "\"'”’)]}»";

    /// <summary>Cuts a text.</summary>
    /// <param name="text">The text.</param>
    /// <param name="words">The most words it may have; 0 leaves it as it is.</param>
    /// <returns>The text, or its beginning without white space at the end.</returns>
    public static string Cut(string text, int words)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(words);
        var (count, wordEnd, sentenceEnd) = (0, 0, 0);
        var at = SkipWhite(text, 0);
        while (words > 0 && at < text.Length)
        {
            if (count == words)
            {
                return text[..(sentenceEnd > 0 ? sentenceEnd : wordEnd)];
            }

            count++;
            wordEnd = at;
            while (wordEnd < text.Length && !char.IsWhiteSpace(text[wordEnd]))
            {
                wordEnd++;
            }

            at = SkipWhite(text, wordEnd);
            sentenceEnd = EndsSentence(text.AsSpan(0, wordEnd), text.AsSpan(wordEnd, at - wordEnd), text.AsSpan(at)) ? wordEnd : sentenceEnd;
        }

        return text;
    }

    private static int SkipWhite(string text, int at)
    {
        while (at < text.Length && char.IsWhiteSpace(text[at]))
        {
            at++;
        }

        return at;
    }

    private static bool EndsSentence(ReadOnlySpan<char> before, ReadOnlySpan<char> white, ReadOnlySpan<char> after) =>
        white.Contains('\n')
        || (before.TrimEnd(Closers) is [.., var last] && Ends.Contains(last, StringComparison.Ordinal)
            && !(after is [var next, ..] && char.IsLower(next)));
}
