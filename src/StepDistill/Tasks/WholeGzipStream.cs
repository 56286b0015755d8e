using System.IO.Compression;

namespace StepDistill.Tasks;

/// <summary>Unpacks gzip and notices where it was cut off, which .NET's own stream passes over in silence.</summary>
/// <remarks>
/// The packed bytes are followed by one more gzip member with a known content. The unpacked bytes end in that content
/// exactly when the members before it were whole.
/// </remarks>
internal sealed class WholeGzipStream : ForwardStream
{
    private static readonly byte[] Seal = "StepDistill: the end of the data"u8.ToArray();
    private static readonly byte[] PackedSeal = Pack(Seal);

    private readonly GZipStream unpacked;
    private readonly byte[] held = new byte[64 * 1024];
    private int start;
    private int end;
    private bool ended;

    /// <summary>Creates the stream, which closes the packed one with itself.</summary>
    public WholeGzipStream(Stream packed)
        : this(new GZipStream(new Followed(packed, PackedSeal), CompressionMode.Decompress))
    {
    }

    private WholeGzipStream(GZipStream unpacked)
        : base(unpacked) => this.unpacked = unpacked;

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        // The last bytes are held back until it is known whether they are the seal.
        while (!ended && end - start <= Seal.Length)
        {
            held.AsSpan(start, end - start).CopyTo(held);
            (start, end) = (0, end - start);
            var read = await unpacked.ReadAsync(held.AsMemory(end), cancellationToken).ConfigureAwait(false);
            end += read;
            ended = read == 0;
        }

        if (ended && !held.AsSpan(start, end - start).SequenceEqual(Seal))
        {
            throw new InvalidDataException("the gzip data ends too early, so the file was cut off.");
        }

        var count = ended ? 0 : Math.Min(buffer.Length, end - start - Seal.Length);
        held.AsMemory(start, count).CopyTo(buffer);
        start += count;
        return count;
    }

    private static byte[] Pack(byte[] content)
    {
        using var memory = new MemoryStream();
        using (var gzip = new GZipStream(memory, CompressionLevel.Fastest))
        {
            gzip.Write(content);
        }

        return memory.ToArray();
    }

    /// <summary>A stream's bytes and then some more.</summary>
    private sealed class Followed(Stream first, byte[] then) : ForwardStream(first)
    {
        private readonly Stream first = first;
        private int given;

        public override async ValueTask<int> ReadAsync(
            Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            var count = given == 0 ? await first.ReadAsync(buffer, cancellationToken).ConfigureAwait(false) : 0;
            if (count > 0)
            {
                return count;
            }

            count = Math.Min(buffer.Length, then.Length - given);
            then.AsMemory(given, count).CopyTo(buffer);
            given += count;
            return count;
        }
    }
}
