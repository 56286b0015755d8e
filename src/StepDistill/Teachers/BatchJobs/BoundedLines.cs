using System.Runtime.CompilerServices;

namespace StepDistill.Teachers.BatchJobs;

/// <summary>Reads a stream line by line, so that a file without line ends, or with one endless line, takes no more memory than others.</summary>
internal static class BoundedLines
{
    /// <summary>Bytes read at a time.</summary>
    private const int ReadSize = 64 * 1024;

    /// <summary>Streams the lines that are not blank; one that is too long comes as null.</summary>
    /// <param name="stream">UTF-8 text; read to its end, not disposed.</param>
    /// <param name="longest">The most bytes that a line may have.</param>
    /// <param name="cancellation">Stops.</param>
    /// <returns>Each line without its end; its memory is good until the next one is asked for.</returns>
    public static async IAsyncEnumerable<ReadOnlyMemory<byte>?> ReadAsync(
        Stream stream, int longest, [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        var buffer = new byte[ReadSize];
        using var begun = new MemoryStream();       // the part of a line that earlier reads brought
        var isTooLong = false;
        int read;
        do
        {
            read = await stream.ReadAsync(buffer, cancellation).ConfigureAwait(false);
            var start = 0;
            while (start < read || read == 0)
            {
                var end = read == 0 ? -1 : Array.IndexOf(buffer, (byte)'\n', start, read - start);
                var part = buffer.AsMemory(start, (end < 0 ? read : end) - start);
                isTooLong |= begun.Length + part.Length > longest;
                if (!isTooLong)
                {
                    begun.Write(part.Span);
                }

                if (end < 0 && read > 0)
                {
                    break;
                }

                var line = begun.GetBuffer().AsMemory(0, (int)begun.Length);
                if (isTooLong)
                {
                    yield return null;
                }
                else if (line.Span.ContainsAnyExcept(" \t\r"u8))
                {
                    yield return line;
                }

                begun.SetLength(0);
                isTooLong = false;
                if (read == 0)
                {
                    yield break;
                }

                start = end + 1;
            }
        }
        while (read > 0);
    }
}
