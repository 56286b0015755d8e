namespace StepDistill.Tokenizers;

/// <summary>
/// Brings text into the form that pieces are made of: character map, then SentencePiece's white space rules.
/// </summary>
/// <remarks>Source: google/sentencepiece v0.1.97, <c>src/normalizer.cc</c>. Safe for concurrent use.</remarks>
internal sealed class TextNormalizer
{
    private readonly NormalizerRules rules;
    private readonly CharacterMap? map;
    private readonly DoubleArray? protectedText;
    private readonly bool spaceAsSuffix;

    /// <summary>Prepares the rules.</summary>
    /// <param name="rules">The rules.</param>
    /// <param name="protectedText">Text that stays as it is, longest first: user-defined pieces.</param>
    /// <param name="spaceAsSuffix">Whether the extra white space goes to the end instead of the start.</param>
    /// <exception cref="InvalidDataException">The character map is none.</exception>
    public TextNormalizer(NormalizerRules rules, DoubleArray? protectedText = null, bool spaceAsSuffix = false)
    {
        this.rules = rules;
        this.protectedText = protectedText;
        this.spaceAsSuffix = spaceAsSuffix;
        map = rules.CharacterMap.Length == 0 ? null : CharacterMap.Parse(rules.CharacterMap);
    }

    private ReadOnlySpan<byte> Space => rules.EscapeWhitespaces ? ByteText.Space : " "u8;

    /// <summary>Appends the normalised form of a text.</summary>
    /// <param name="text">UTF-8; bytes that are not become U+FFFD.</param>
    /// <param name="normalized">Must be empty: white space at its end is taken away.</param>
    public void Normalize(ReadOnlySpan<byte> text, ref ByteBuffer normalized)
    {
        while (rules.RemoveExtraWhitespaces && !text.IsEmpty)
        {
            var length = First(text, out var first);
            if (!first.SequenceEqual(" "u8))
            {
                break;
            }

            text = text[length..];
        }

        if (text.IsEmpty)
        {
            return;
        }

        if (!spaceAsSuffix && rules.AddDummyPrefix)
        {
            normalized.Append(Space);
        }

        var afterSpace = rules.RemoveExtraWhitespaces;
        while (!text.IsEmpty)
        {
            var length = First(text, out var next);
            while (afterSpace && next.StartsWith((byte)' '))
            {
                next = next[1..];
            }

            if (!next.IsEmpty)
            {
                Append(next, ref normalized);
                afterSpace = rules.RemoveExtraWhitespaces && next.EndsWith((byte)' ');
            }

            text = text[length..];
        }

        while (rules.RemoveExtraWhitespaces && normalized.Written.EndsWith(Space))
        {
            normalized.Cut(normalized.Length - Space.Length);
        }

        if (spaceAsSuffix && rules.AddDummyPrefix)
        {
            normalized.Append(Space);
        }
    }

    private void Append(ReadOnlySpan<byte> text, ref ByteBuffer normalized)
    {
        if (!rules.EscapeWhitespaces)
        {
            normalized.Append(text);
            return;
        }

        for (var space = text.IndexOf((byte)' '); space >= 0; space = text.IndexOf((byte)' '))
        {
            normalized.Append(text[..space]);
            normalized.Append(ByteText.Space);
            text = text[(space + 1)..];
        }

        normalized.Append(text);
    }

    // How many bytes the next unit of the text has, and what it becomes.
    private int First(ReadOnlySpan<byte> text, out ReadOnlySpan<byte> normalized)
    {
        var length = protectedText?.LongestPrefix(text, out _) ?? 0;
        if (length > 0)
        {
            normalized = text[..length];
            return length;
        }

        if (map is not null && map.Match(text, out normalized) is > 0 and var matched)
        {
            return matched;
        }

        length = ByteText.ValidLength(text);
        normalized = length > 0 ? text[..length] : ByteText.Replacement;
        return Math.Max(1, length);
    }
}
