using System.IO.Compression;
using System.Text.Json;
using StepDistill.Files;

namespace StepDistill.Annotations;

/// <summary>Writes a store's annotations as JSON lines or Parquet, for people, other programs and <see cref="AnnotationImport"/>.</summary>
/// <remarks>
/// One annotation a line or row, the newest attempt of each key. The fields <c>id</c>, <c>teacher.completion</c>, <c>rationale</c>
/// and <c>teacher_label</c> are those of recorded answers, so the file can also be named as <c>teacher.answers</c> and read
/// anew.
/// </remarks>
public static class AnnotationExport
{
    /// <summary>Writes a file that appears whole or not at all.</summary>
    /// <param name="store">Whose annotations.</param>
    /// <param name="path">The file: Parquet where it ends in <c>.parquet</c>, else JSON lines; one that ends in <c>.gz</c> is compressed.</param>
    /// <param name="cancellation">Stops the writing; no file is left.</param>
    /// <returns>The number of annotations.</returns>
    /// <exception cref="StepDistillException">The file cannot be written, or the store not read.</exception>
    public static async Task<long> WriteAsync(IAnnotationStore store, string path, CancellationToken cancellation = default)
    {
        var lines = 0L;
        try
        {
            await AtomicFile.WriteAsync(path, async file =>
            {
                if (path.EndsWith(".parquet", StringComparison.OrdinalIgnoreCase))
                {
                    lines = await AnnotationParquet.WriteAsync(store, file, cancellation).ConfigureAwait(false);
                    return;
                }

                await using var packed = path.EndsWith(".gz", StringComparison.OrdinalIgnoreCase)
                    ? new GZipStream(file, CompressionLevel.Optimal, leaveOpen: true)
                    : null;
                lines = await WriteAsync(store, packed ?? file, cancellation).ConfigureAwait(false);
            }).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StepDistillException(
                $"The annotations cannot be written to {path}: {e.Message} The store is unchanged; no half file was left.", e);
        }

        return lines;
    }

    /// <summary>Writes to a stream, which stays open.</summary>
    /// <param name="store">Whose annotations.</param>
    /// <param name="stream">Where to write; UTF-8.</param>
    /// <param name="cancellation">Stops the writing.</param>
    /// <returns>The number of lines.</returns>
    public static async Task<long> WriteAsync(IAnnotationStore store, Stream stream, CancellationToken cancellation = default)
    {
        var lines = 0L;
        await foreach (var annotation in store.ReadAsync(cancellation).ConfigureAwait(false))
        {
            await stream.WriteAsync(JsonSerializer.SerializeToUtf8Bytes(new AnnotationLine(annotation), AnnotationLine.Json), cancellation)
                .ConfigureAwait(false);
            stream.WriteByte((byte)'\n');
            lines++;
        }

        await stream.FlushAsync(cancellation).ConfigureAwait(false);
        return lines;
    }
}
