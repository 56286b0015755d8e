using System.Runtime.CompilerServices;

namespace StepDistill.Tasks;

/// <summary>Streams the rows of a data file, whatever its format.</summary>
internal static class DataFile
{
    /// <summary>The formats, for messages.</summary>
    public const string Formats = ".jsonl, .csv (either also as .gz) or .parquet";

    /// <summary>
    /// Opens a file: gzip and Parquet are known by their first bytes, JSON lines and CSV by the file's extension.
    /// </summary>
    public static async IAsyncEnumerable<DataRow> ReadAsync(
        string path, RowFaults faults, [EnumeratorCancellation] CancellationToken cancellation)
    {
        await using var file = Open(path, faults);
        var rows = Rows(path, file, faults, cancellation);
        await foreach (var row in rows.ConfigureAwait(false))
        {
            yield return row;
        }
    }

    /// <summary>What a row's number counts in this file.</summary>
    public static string Unit(string path) =>
        Path.GetExtension(path).Equals(".parquet", StringComparison.OrdinalIgnoreCase) ? "row" : "line";

    private static IAsyncEnumerable<DataRow> Rows(
        string path, FileStream file, RowFaults faults, CancellationToken cancellation)
    {
        Span<byte> head = stackalloc byte[4];
        head = head[..file.ReadAtLeast(head, head.Length, throwOnEndOfStream: false)];
        file.Position = 0;
        if (head.IsEmpty)
        {
            throw faults.Fatal(null, "the file is empty; it must hold at least one row.");
        }

        if (head.StartsWith([(byte)0x1f, (byte)0x8b]))
        {
            var inner = path.EndsWith(".gz", StringComparison.OrdinalIgnoreCase) ? path[..^3] : path;
            return Text(inner, new WholeGzipStream(file), faults, cancellation);
        }

        if (head.SequenceEqual("PAR1"u8))
        {
            return ParquetRows.ReadAsync(file, faults, cancellation);
        }

        if (path.EndsWith(".gz", StringComparison.OrdinalIgnoreCase))
        {
            throw faults.Fatal(null, "it is called .gz but holds no gzip data; unpack or fetch it again.");
        }

        return Text(path, file, faults, cancellation);
    }

    private static IAsyncEnumerable<DataRow> Text(
        string path, Stream stream, RowFaults faults, CancellationToken cancellation) =>
        Path.GetExtension(path).ToLowerInvariant() switch
        {
            ".jsonl" or ".ndjson" or ".json" => JsonlRows.ReadAsync(stream, faults, cancellation),
            ".csv" => CsvRows.ReadAsync(stream, faults, cancellation),
            ".parquet" => throw faults.Fatal(
                null, "it is called .parquet but does not start as Parquet files do; fetch it again."),
            var other => throw faults.Fatal(null, $"files of the kind '{other}' cannot be read; it must be {Formats}."),
        };

    private static FileStream Open(string path, RowFaults faults)
    {
        try
        {
            return new FileStream(
                path,
                FileMode.Open,
                FileAccess.Read,
                FileShare.Read,
                128 * 1024,
                FileOptions.SequentialScan | FileOptions.Asynchronous);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw faults.Fatal(null, "there is no such file.", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw faults.Fatal(null, $"it cannot be opened: {e.Message}", e);
        }
    }
}
