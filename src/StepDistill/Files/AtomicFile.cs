namespace StepDistill.Files;

/// <summary>Writes files that appear whole or not at all.</summary>
public static class AtomicFile
{
    /// <summary>Writes a file through a temporary one beside it, flushed to the disk and then renamed.</summary>
    /// <param name="path">Where the file shall be; its folder is made. An existing file is replaced at the last moment.</param>
    /// <param name="write">Writes the content.</param>
    /// <exception cref="IOException">The disk is full or the place cannot be written; an existing file is untouched.</exception>
    public static void Write(string path, Action<Stream> write)
    {
        var (full, temporary) = Place(path);
        try
        {
            using (var stream = new FileStream(temporary, FileMode.Create, FileAccess.ReadWrite, FileShare.None))
            {
                write(stream);
                stream.Flush(flushToDisk: true);
            }

            File.Move(temporary, full, overwrite: true);
        }
        catch
        {
            File.Delete(temporary);
            throw;
        }
    }

    /// <summary>Writes a file from what arrives over time; see <see cref="Write"/>.</summary>
    /// <param name="path">Where the file shall be; its folder is made. An existing file is replaced at the last moment.</param>
    /// <param name="write">Writes the content.</param>
    /// <exception cref="IOException">The disk is full or the place cannot be written; an existing file is untouched.</exception>
    public static async Task WriteAsync(string path, Func<Stream, Task> write)
    {
        var (full, temporary) = Place(path);
        try
        {
            await using (var stream = new FileStream(temporary, FileMode.Create, FileAccess.ReadWrite, FileShare.None))
            {
                await write(stream).ConfigureAwait(false);
                stream.Flush(flushToDisk: true);
            }

            File.Move(temporary, full, overwrite: true);
        }
        catch
        {
            File.Delete(temporary);
            throw;
        }
    }

    /// <summary>Writes text as UTF-8 without a byte order mark; see <see cref="Write"/>.</summary>
    /// <param name="path">Where the file shall be.</param>
    /// <param name="text">The whole content.</param>
    /// <exception cref="IOException">The disk is full or the place cannot be written; an existing file is untouched.</exception>
    public static void WriteText(string path, string text) =>
        Write(path, stream => stream.Write(System.Text.Encoding.UTF8.GetBytes(text)));

    private static (string Full, string Temporary) Place(string path)
    {
        var full = Path.GetFullPath(path);
        Directory.CreateDirectory(Path.GetDirectoryName(full)!);
        return (full, $"{full}.{Environment.ProcessId}-{Environment.CurrentManagedThreadId}.tmp");
    }
}
