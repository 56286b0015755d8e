using System.Collections;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Parquet;
using Parquet.Serialization;

namespace StepDistill.Tasks;

/// <summary>Reads rows from Parquet, one row group at a time.</summary>
internal static class ParquetRows
{
    /// <summary>
    /// The largest row group that is read, in bytes before compression: it stands in memory as a whole.
    /// </summary>
    public const long MaxRowGroup = 1L << 30;

    /// <summary>Streams rows, numbered from 1.</summary>
    public static async IAsyncEnumerable<DataRow> ReadAsync(
        Stream stream, RowFaults faults, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var sizes = await Guarded(() => SizesAsync(stream, cancellation), 0, faults).ConfigureAwait(false);
        if (Array.FindIndex(sizes, size => size is < 0 or > MaxRowGroup) is >= 0 and var large)
        {
            throw faults.Fatal(
                null,
                $"its row group {large} has {sizes[large]:N0} bytes; at most {MaxRowGroup:N0} are read at once. "
                + "Write the file with smaller row groups.");
        }

        var number = 0L;
        for (var group = 0; group < sizes.Length; group++)
        {
            var index = group;
            var rows = await Guarded(
                () => ParquetSerializer.DeserializeUntypedAsync(
                    stream, rowGroupIndex: index, cancellationToken: cancellation),
                number,
                faults).ConfigureAwait(false);
            foreach (var row in rows.Data)
            {
                number++;
                if (Parse(row, number, faults) is { } parsed)
                {
                    yield return parsed;
                }
            }
        }
    }

    private static async Task<long[]> SizesAsync(Stream stream, CancellationToken cancellation)
    {
        await using var reader = await ParquetReader
            .CreateAsync(stream, leaveStreamOpen: true, cancellationToken: cancellation)
            .ConfigureAwait(false);
        return [.. reader.RowGroups.Select(group => group.RowGroup.TotalByteSize)];
    }

    private static DataRow? Parse(IDictionary<string, object> row, long number, RowFaults faults)
    {
        var columns = new Dictionary<string, string?>(StringComparer.OrdinalIgnoreCase);
        foreach (var (name, value) in row)
        {
            var parts = name == "teacher" && value is IDictionary<string, object> teacher
                ? teacher.Select(part => ("teacher." + part.Key, part.Value))
                : [(name, value)];
            foreach (var (column, content) in parts)
            {
                var text = Text(content);
                if (text?.Contains('\0', StringComparison.Ordinal) == true)
                {
                    faults.Add(number, $"the column '{column}' holds a NUL character, which is no text.");
                    return null;
                }

                if (!columns.TryAdd(column, text))
                {
                    faults.Add(number, $"it holds the column '{column}' twice (case does not count).");
                    return null;
                }
            }
        }

        return new DataRow(number, columns);
    }

    private static string? Text(object? value) => Plain(value) switch
    {
        null => null,
        string text => text,
        bool truth => truth ? "true" : "false",
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        var nested => JsonSerializer.Serialize(nested),
    };

    /// <summary>A value with the library's views of characters made strings, however deep they stand.</summary>
    private static object? Plain(object? value) => value switch
    {
        ReadOnlyMemory<char> text => text.ToString(),
        IDictionary<string, object?> parts => parts.ToDictionary(part => part.Key, part => Plain(part.Value)),
        IList list => list.Cast<object?>().Select(Plain).ToList(),
        _ => value,
    };

    /// <summary>A damaged file makes the library fail in any way; whatever it says, the file cannot be read.</summary>
    private static async Task<T> Guarded<T>(Func<Task<T>> read, long after, RowFaults faults)
    {
        try
        {
            return await read().ConfigureAwait(false);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            throw faults.Fatal(
                after, $"it is no Parquet file that can be read: {e.Message} Write or fetch it again.", e);
        }
    }
}
