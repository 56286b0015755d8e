namespace StepDistill.Tasks;

/// <summary>Parts a stream into lines without reading more than one line ahead of need.</summary>
/// <param name="stream">The bytes.</param>
/// <param name="most">The longest line that is allowed, in bytes.</param>
internal sealed class ByteLines(Stream stream, int most)
{
    private byte[] buffer = new byte[64 * 1024];
    private int start;
    private int end;
    private bool ended;

    /// <summary>Number of the line last given, from 1.</summary>
    public long Number { get; private set; }

    /// <summary>Gives the next line without its line break; it is valid until the next call. Null at the end.</summary>
    /// <exception cref="StepDistillException">
    /// A line is too long, or the stream ends or breaks where it should not.
    /// </exception>
    public async ValueTask<ReadOnlyMemory<byte>?> NextAsync(RowFaults faults, CancellationToken cancellation)
    {
        var searched = start;
        while (true)
        {
            var found = buffer.AsSpan(searched, end - searched).IndexOf((byte)'\n');
            if (found >= 0 || (ended && end > start))
            {
                var stop = found >= 0 ? searched + found : end;
                var line = buffer.AsMemory(start, stop - start);
                start = found >= 0 ? stop + 1 : end;
                Number++;
                return line.Span is [.., (byte)'\r'] ? line[..^1] : line;
            }

            if (ended)
            {
                return null;
            }

            searched = end - start;
            MakeRoom(faults);
            try
            {
                var read = await stream.ReadAsync(buffer.AsMemory(end), cancellation).ConfigureAwait(false);
                end += read;
                ended = read == 0;
            }
            catch (Exception e) when (e is InvalidDataException or IOException)
            {
                throw faults.Fatal(Number, $"it cannot be read further: {e.Message} Make or fetch the file again.", e);
            }
        }
    }

    /// <summary>Moves the unfinished line to the front of the buffer, which grows where the line fills it.</summary>
    private void MakeRoom(RowFaults faults)
    {
        var length = end - start;
        if (length > most)
        {
            throw faults.Fatal(
                null,
                $"line {Number + 1} is longer than {most / (1024 * 1024)} MiB, the most that a row may have. "
                + "Every row must stand on a line of its own.");
        }

        var target = length > buffer.Length / 2 ? new byte[buffer.Length * 2] : buffer;
        buffer.AsSpan(start, length).CopyTo(target);
        (buffer, start, end) = (target, 0, length);
    }
}
