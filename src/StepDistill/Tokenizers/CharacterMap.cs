using System.Buffers.Binary;

namespace StepDistill.Tokenizers;

/// <summary>
/// Replaces characters, and sequences of them, before text is cut: SentencePiece's compiled character map.
/// </summary>
/// <remarks>
/// Layout: the trie's size in bytes (32 bits, little endian), the trie (<see cref="DoubleArray"/>), then all
/// replacements, each ended by a zero byte; a key's value is where its replacement starts. Source:
/// google/sentencepiece,
/// <c>src/normalizer.cc</c>. Safe for concurrent use.
/// </remarks>
internal sealed class CharacterMap
{
    // Real maps stay far below these; a hostile one could otherwise make normalising as slow or large as it likes.
    private const int LongestKey = 1024;
    private const int LongestReplacement = 4096;

    private readonly DoubleArray trie;
    private readonly byte[] replacements;

    private CharacterMap(DoubleArray trie, byte[] replacements)
    {
        this.trie = trie;
        this.replacements = replacements;
    }

    /// <summary>Reads a map.</summary>
    /// <exception cref="InvalidDataException">The bytes are no character map.</exception>
    public static CharacterMap Parse(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length <= 4)
        {
            throw new InvalidDataException($"its character map has {bytes.Length} bytes, too few for any map");
        }

        var size = BinaryPrimitives.ReadUInt32LittleEndian(bytes);
        if (size >= (uint)bytes.Length || size > (uint)(bytes.Length - 4))
        {
            throw new InvalidDataException(
                $"its character map says that its trie has {size} bytes, but the whole map has {bytes.Length}");
        }

        var replacements = bytes[(4 + (int)size)..].ToArray();
        for (int start = 0, end; start < replacements.Length; start = end + 1)
        {
            end = Array.IndexOf(replacements, (byte)0, start) is >= 0 and var zero ? zero : replacements.Length;
            if (end - start > LongestReplacement)
            {
                throw new InvalidDataException(
                    $"its character map has a replacement of {end - start} bytes; at most {LongestReplacement} are "
                    + "read");
            }
        }

        return new CharacterMap(DoubleArray.FromBytes(bytes.Slice(4, (int)size)), replacements);
    }

    /// <summary>Compiles a map into the layout that <see cref="Parse"/> reads.</summary>
    /// <param name="rules">From characters, not empty, to what takes their place; neither holds a zero byte.</param>
    public static byte[] Compile(IReadOnlyDictionary<byte[], byte[]> rules)
    {
        var replacements = new MemoryStream();
        var places = new Dictionary<byte[], int>(ByteText.Comparer);
        var keys = new List<KeyValuePair<byte[], int>>();
        foreach (var (from, to) in rules.OrderBy(rule => rule.Key, Comparer<byte[]>.Create(
            static (x, y) => x.AsSpan().SequenceCompareTo(y))))
        {
            if (!places.TryGetValue(to, out var place))
            {
                places[to] = place = (int)replacements.Length;
                replacements.Write(to);
                replacements.WriteByte(0);
            }

            keys.Add(new(from, place));
        }

        var units = DoubleArray.Build(keys).Units;
        var bytes = new byte[4 + (4 * units.Length) + (int)replacements.Length];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, (uint)(4 * units.Length));
        for (var i = 0; i < units.Length; i++)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(4 + (4 * i)), units[i]);
        }

        replacements.ToArray().CopyTo(bytes.AsSpan(4 + (4 * units.Length)));
        return bytes;
    }

    /// <summary>Finds what takes the place of the longest known sequence that the text starts with.</summary>
    /// <returns>The sequence's length in bytes, 0 where the text's first character has no replacement.</returns>
    public int Match(ReadOnlySpan<byte> text, out ReadOnlySpan<byte> replacement)
    {
        var length = trie.LongestPrefix(text[..Math.Min(text.Length, LongestKey)], out var place);
        if (length == 0 || place >= replacements.Length)
        {
            replacement = default;
            return 0;
        }

        replacement = replacements.AsSpan(place);
        var end = replacement.IndexOf((byte)0);
        replacement = end < 0 ? replacement : replacement[..end];
        return length;
    }
}
