using System.Globalization;
using System.Text;

namespace StepDistill.Tokenizers;

/// <summary>Text as UTF-8 bytes, the form in which SentencePiece works.</summary>
internal static class ByteText
{
    /// <summary>White space inside pieces: U+2581, lower one eighth block.</summary>
    public static ReadOnlySpan<byte> Space => "\u2581"u8;

    /// <summary>What stands for bytes that are no UTF-8: U+FFFD.</summary>
    public static ReadOnlySpan<byte> Replacement => "\uFFFD"u8;

    /// <summary>Compares texts by content.</summary>
    public static IEqualityComparer<byte[]> Comparer { get; } = new ByContent();

    /// <summary>Bytes of a character by its first byte alone, from 1 to 4, as SentencePiece counts them.</summary>
    public static int CharacterLength(byte first) => (first >> 4) switch
    {
        < 0xC => 1,
        0xC or 0xD => 2,
        0xE => 3,
        _ => 4,
    };

    /// <summary>Bytes of the character at the start, or 0 where the bytes there are no UTF-8.</summary>
    public static int ValidLength(ReadOnlySpan<byte> text) =>
        Rune.DecodeFromUtf8(text, out _, out var length) == System.Buffers.OperationStatus.Done ? length : 0;

    /// <summary>The byte that a piece such as <c>&lt;0x0A&gt;</c> stands for, or -1.</summary>
    public static int ByteOf(ReadOnlySpan<byte> piece) =>
        piece.Length == 6 && piece.StartsWith("<0x"u8) && piece[5] == (byte)'>'
        && piece[3] is (>= (byte)'0' and <= (byte)'9') or (>= (byte)'A' and <= (byte)'F')
        && piece[4] is (>= (byte)'0' and <= (byte)'9') or (>= (byte)'A' and <= (byte)'F')
            ? int.Parse(piece[3..5], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture)
            : -1;

    /// <summary>At most forty characters of a text, fit for a message.</summary>
    public static string Show(ReadOnlySpan<byte> text)
    {
        var shown = Encoding.UTF8.GetString(text[..Math.Min(text.Length, 160)]);
        return shown.Length <= 40 ? shown : shown[..40] + "…";
    }

    private sealed class ByContent : IEqualityComparer<byte[]>
    {
        public bool Equals(byte[]? x, byte[]? y) => x.AsSpan().SequenceEqual(y);

        public int GetHashCode(byte[] obj)
        {
            var hash = new HashCode();
            hash.AddBytes(obj);
            return hash.ToHashCode();
        }
    }
}
