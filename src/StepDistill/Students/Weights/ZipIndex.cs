using System.Buffers.Binary;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace StepDistill.Students.Weights;

/// <summary>The directory of a zip file whose entries are stored without compression, so that they can be read in place.</summary>
/// <remarks>
/// Own code because the framework's reader gives streams, not places. Format: PKWARE's APPNOTE.TXT, sections 4.3.7
/// (local header), 4.3.12 (directory) and 4.3.14 to 4.3.16 (its end, with the 64-bit extension).
/// </remarks>
internal static class ZipIndex
{
    private const uint LocalSignature = 0x04034b50;
    private const uint DirectorySignature = 0x02014b50;
    private const uint EndSignature = 0x06054b50;
    private const uint End64Signature = 0x06064b50;
    private const uint End64LocatorSignature = 0x07064b50;
    private const int LocalSize = 30;
    private const int DirectoryEntrySize = 46;
    private const int EndSize = 22;
    private const int End64Size = 56;
    private const int End64LocatorSize = 20;
    private const int MaxDirectory = 64 << 20;

    /// <summary>Where an entry's content lies in the file; checked to lie inside.</summary>
    public readonly record struct Entry(long Offset, long Length);

    /// <summary>Reads the directory.</summary>
    /// <param name="file">The open file.</param>
    /// <param name="path">Its path, for messages.</param>
    /// <returns>Name → place.</returns>
    /// <exception cref="StepDistillException">The directory is missing or damaged, or an entry is compressed.</exception>
    public static IReadOnlyDictionary<string, Entry> Read(SafeFileHandle file, string path)
    {
        var size = RandomAccess.GetLength(file);
        var (start, length) = FindDirectory(file, size, path);
        if (length > MaxDirectory || start < 0 || length < 0 || start > size - length)
        {
            throw Damaged(path, $"its directory shall lie at byte {start} with {length} bytes, in a file of {size}");
        }

        var directory = At(file, start, (int)length, path);
        var entries = new Dictionary<string, Entry>(StringComparer.Ordinal);
        for (var at = 0; at < directory.Length;)
        {
            var (name, entry, next) = ReadEntry(file, size, directory.AsSpan(at), path);
            if (!entries.TryAdd(name, entry))
            {
                throw Damaged(path, $"its directory has '{name}' twice");
            }

            at += next;
        }

        return entries;
    }

    private static (long Start, long Length) FindDirectory(SafeFileHandle file, long size, string path)
    {
        // The end record may be followed by a comment of up to 65,535 bytes, so it is looked for from behind.
        var tailStart = Math.Max(0, size - EndSize - ushort.MaxValue);
        var tail = At(file, tailStart, (int)(size - tailStart), path);
        for (var at = tail.Length - EndSize; at >= 0; at--)
        {
            var end = tail.AsSpan(at);
            if (BinaryPrimitives.ReadUInt32LittleEndian(end) == EndSignature)
            {
                uint length = BinaryPrimitives.ReadUInt32LittleEndian(end[12..]), start = BinaryPrimitives.ReadUInt32LittleEndian(end[16..]);
                return start == uint.MaxValue || length == uint.MaxValue || BinaryPrimitives.ReadUInt16LittleEndian(end[10..]) == ushort.MaxValue
                    ? FindDirectory64(file, tailStart + at, path) : (start, length);
            }
        }

        throw Damaged(path, "it has no directory at its end");
    }

    private static (long Start, long Length) FindDirectory64(SafeFileHandle file, long end, string path)
    {
        var locator = At(file, end - End64LocatorSize, End64LocatorSize, path);
        if (BinaryPrimitives.ReadUInt32LittleEndian(locator) != End64LocatorSignature)
        {
            throw Damaged(path, "its 64-bit directory cannot be found");
        }

        var end64 = At(file, BinaryPrimitives.ReadInt64LittleEndian(locator.AsSpan(8)), End64Size, path);
        return BinaryPrimitives.ReadUInt32LittleEndian(end64) == End64Signature
            ? (BinaryPrimitives.ReadInt64LittleEndian(end64.AsSpan(48)), BinaryPrimitives.ReadInt64LittleEndian(end64.AsSpan(40)))
            : throw Damaged(path, "its 64-bit directory cannot be found");
    }

    private static (string Name, Entry Entry, int Next) ReadEntry(
        SafeFileHandle file, long size, ReadOnlySpan<byte> entry, string path)
    {
        if (entry.Length < DirectoryEntrySize || BinaryPrimitives.ReadUInt32LittleEndian(entry) != DirectorySignature)
        {
            throw Damaged(path, "its directory ends in the middle");
        }

        var nameLength = BinaryPrimitives.ReadUInt16LittleEndian(entry[28..]);
        var extraLength = BinaryPrimitives.ReadUInt16LittleEndian(entry[30..]);
        var next = DirectoryEntrySize + nameLength + extraLength + BinaryPrimitives.ReadUInt16LittleEndian(entry[32..]);
        if (next > entry.Length)
        {
            throw Damaged(path, "its directory ends in the middle");
        }

        var name = Encoding.UTF8.GetString(entry.Slice(DirectoryEntrySize, nameLength));
        var (packed, length, header) = Sizes(entry, entry.Slice(DirectoryEntrySize + nameLength, extraLength), path);
        if (BinaryPrimitives.ReadUInt16LittleEndian(entry[10..]) != 0 || packed != length)
        {
            throw new StepDistillException(
                $"{path} has the compressed entry '{name}'; torch.save compresses nothing. Load and save it again with torch.");
        }

        var local = At(file, header, LocalSize, path);
        var offset = header + LocalSize + BinaryPrimitives.ReadUInt16LittleEndian(local.AsSpan(26))
            + BinaryPrimitives.ReadUInt16LittleEndian(local.AsSpan(28));
        return BinaryPrimitives.ReadUInt32LittleEndian(local) == LocalSignature && length >= 0 && offset <= size - length
            ? (name, new Entry(offset, length), next)
            : throw Damaged(path, $"'{name}' shall lie at byte {offset} with {length} bytes, in a file of {size}");
    }

    /// <summary>The sizes and the place of an entry, from the 64-bit extension where the 32-bit fields are full.</summary>
    private static (long Packed, long Length, long Header) Sizes(ReadOnlySpan<byte> entry, ReadOnlySpan<byte> extra, string path)
    {
        Span<long> sizes =
        [
            BinaryPrimitives.ReadUInt32LittleEndian(entry[24..]),
            BinaryPrimitives.ReadUInt32LittleEndian(entry[20..]),
            BinaryPrimitives.ReadUInt32LittleEndian(entry[42..]),
        ];
        while (extra.Length >= 4)
        {
            var length = BinaryPrimitives.ReadUInt16LittleEndian(extra[2..]);
            if (length > extra.Length - 4)
            {
                throw Damaged(path, "its directory has an extra field that does not end");
            }

            var field = extra.Slice(4, length);
            if (BinaryPrimitives.ReadUInt16LittleEndian(extra) == 1)
            {
                foreach (ref var size in sizes)
                {
                    if (size == uint.MaxValue && field.Length >= 8)
                    {
                        size = BinaryPrimitives.ReadInt64LittleEndian(field);
                        field = field[8..];
                    }
                }
            }

            extra = extra[(4 + length)..];
        }

        return (sizes[1], sizes[0], sizes[2]);
    }

    private static byte[] At(SafeFileHandle file, long offset, int count, string path)
    {
        var bytes = new byte[count];
        return offset >= 0 && RandomAccess.Read(file, bytes, offset) == count
            ? bytes : throw Damaged(path, $"there are no {count} bytes at byte {offset}");
    }

    private static StepDistillException Damaged(string path, string how) => new(
        $"{path} is a damaged zip file: {how}. It may be cut off; download or copy it again.");
}
