using System.Runtime.CompilerServices;
using System.Text;
using Sylvan.Data.Csv;

namespace StepDistill.Tasks;

/// <summary>
/// Reads rows from CSV whose first line names the columns; an empty cell is a column without a value.
/// </summary>
internal static class CsvRows
{
    /// <summary>The longest row that is read, in characters.</summary>
    public const int MaxRow = 16 * 1024 * 1024;

    private static readonly UTF8Encoding StrictUtf8 =
        new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>
    /// Streams rows; a row's number is the line on which it starts. A faulty row is noted and left out.
    /// </summary>
    public static async IAsyncEnumerable<DataRow> ReadAsync(
        Stream stream, RowFaults faults, [EnumeratorCancellation] CancellationToken cancellation)
    {
        using var text = new StreamReader(stream, StrictUtf8);
        await using var csv = await Guarded(() => CsvDataReader.CreateAsync(text, Options(), cancellation), 0, faults)
            .ConfigureAwait(false);
        var names = Enumerable.Range(0, csv.FieldCount).Select(index => csv.GetName(index).Trim()).ToList();
        if (names.FirstOrDefault(name => name.Length == 0 || names.Count(other => Same(other, name)) > 1) is { } bad)
        {
            throw faults.Fatal(null, bad.Length == 0
                ? "its first line leaves a column without a name; it must name every column once."
                : $"its first line names the column '{bad}' twice (case does not count); it must name each once.");
        }

        // Line breaks inside quotes are part of the values, so counting those of the values keeps count of the lines.
        var line = 2L + names.Sum(Breaks);
        while (await Guarded(() => csv.ReadAsync(cancellation), line - 1, faults).ConfigureAwait(false))
        {
            if (Parse(csv, names, line, faults) is { } row)
            {
                yield return row;
            }

            line += 1 + Enumerable.Range(0, csv.RowFieldCount).Sum(index => Breaks(csv.GetString(index)));
        }
    }

    private static CsvDataReaderOptions Options() => new()
    {
        BufferSize = 64 * 1024,
        MaxBufferSize = MaxRow,
        HeaderComparer = StringComparer.OrdinalIgnoreCase,
    };

    private static DataRow? Parse(CsvDataReader csv, List<string> names, long line, RowFaults faults)
    {
        if (csv.RowFieldCount != names.Count)
        {
            if (csv.RowFieldCount > 1 || !string.IsNullOrWhiteSpace(csv.GetString(0)))
            {
                faults.Add(line, $"it has {csv.RowFieldCount} cells, but the first line names {names.Count} columns; "
                    + "a cell with a comma, quote or line break must stand in quotes.");
            }

            return null;
        }

        var columns = new Dictionary<string, string?>(StringComparer.OrdinalIgnoreCase);
        for (var index = 0; index < names.Count; index++)
        {
            var value = csv.GetString(index);
            if (value.Contains('\0', StringComparison.Ordinal))
            {
                faults.Add(
                    line, $"the column '{names[index]}' holds a NUL character; the file must be UTF-8 text.");
                return null;
            }

            columns[names[index]] = value.Length > 0 ? value : null;
        }

        return new DataRow(line, columns);
    }

    private static async Task<T> Guarded<T>(Func<Task<T>> read, long after, RowFaults faults)
    {
        try
        {
            return await read().ConfigureAwait(false);
        }
        catch (DecoderFallbackException e)
        {
            throw faults.Fatal(after, "it is not valid UTF-8; save the file as UTF-8.", e);
        }
        catch (CsvRecordTooLargeException e)
        {
            throw faults.Fatal(
                after,
                $"a row is longer than {MaxRow / (1024 * 1024)} Mi characters, the most that a row may have; "
                + "is a closing quote missing?",
                e);
        }
        catch (Exception e) when (e is CsvFormatException or InvalidDataException or IOException)
        {
            throw faults.Fatal(after, $"it cannot be read further: {e.Message}", e);
        }
    }

    private static int Breaks(string text) => text.AsSpan().Count('\n');

    private static bool Same(string one, string other) => one.Equals(other, StringComparison.OrdinalIgnoreCase);
}
