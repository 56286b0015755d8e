using System.Buffers;
using System.Text;

namespace StepDistill.Tokenizers;

/// <summary>Bytes that grow in an array borrowed from the shared pool; dispose to give it back.</summary>
internal ref struct ByteBuffer(int capacity)
{
    private byte[] bytes = ArrayPool<byte>.Shared.Rent(capacity);

    public int Length { get; private set; }

    public readonly ReadOnlySpan<byte> Written => bytes.AsSpan(0, Length);

    public void Append(byte value)
    {
        if (Length == bytes.Length)
        {
            Grow(1);
        }

        bytes[Length++] = value;
    }

    public void Append(ReadOnlySpan<byte> values)
    {
        if (values.Length > bytes.Length - Length)
        {
            Grow(values.Length);
        }

        values.CopyTo(bytes.AsSpan(Length));
        Length += values.Length;
    }

    /// <summary>Appends text as UTF-8; halves of surrogate pairs become U+FFFD.</summary>
    public void Append(ReadOnlySpan<char> text)
    {
        var more = Encoding.UTF8.GetByteCount(text);
        if (more > bytes.Length - Length)
        {
            Grow(more);
        }

        Length += Encoding.UTF8.GetBytes(text, bytes.AsSpan(Length));
    }

    public void Cut(int length) => Length = length;

    public void Dispose()
    {
        ArrayPool<byte>.Shared.Return(bytes);
        bytes = [];
    }

    private void Grow(int more)
    {
        var needed = Math.Max(Math.Min(Array.MaxLength, 2L * bytes.Length), (long)Length + more);
        var larger = ArrayPool<byte>.Shared.Rent(checked((int)needed));
        Written.CopyTo(larger);
        ArrayPool<byte>.Shared.Return(bytes);
        bytes = larger;
    }
}
