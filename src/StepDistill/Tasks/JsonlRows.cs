using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Unicode;

namespace StepDistill.Tasks;

/// <summary>Reads rows from lines that hold one JSON object each.</summary>
internal static class JsonlRows
{
    /// <summary>The longest line that is read, in bytes.</summary>
    public const int MaxLine = 16 * 1024 * 1024;

    /// <summary>Streams rows; blank lines are skipped, a faulty line is noted and left out.</summary>
    public static async IAsyncEnumerable<DataRow> ReadAsync(
        Stream stream, RowFaults faults, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var lines = new ByteLines(stream, MaxLine);
        while (await lines.NextAsync(faults, cancellation).ConfigureAwait(false) is { } line)
        {
            if (lines.Number == 1)
            {
                line = WithoutMark(line, faults);
            }

            if (Parse(line, lines.Number, faults) is { } row)
            {
                yield return row;
            }
        }
    }

    private static ReadOnlyMemory<byte> WithoutMark(ReadOnlyMemory<byte> line, RowFaults faults) => line.Span switch
    {
        [0xEF, 0xBB, 0xBF, ..] => line[3..],
        [0xFE, 0xFF, ..] or [0xFF, 0xFE, ..] => throw faults.Fatal(null, "it is UTF-16 text; save it as UTF-8."),
        _ => line,
    };

    private static DataRow? Parse(ReadOnlyMemory<byte> line, long number, RowFaults faults)
    {
        if (line.Span.Trim(" \t\r"u8).IsEmpty)
        {
            return null;
        }

        if (line.Span.Contains((byte)0))
        {
            faults.Add(number, "it holds a NUL byte; the file must be UTF-8 text (is it binary, or UTF-16?).");
            return null;
        }

        if (!Utf8.IsValid(line.Span))
        {
            faults.Add(number, "it is not valid UTF-8; save the file as UTF-8.");
            return null;
        }

        try
        {
            using var document = JsonDocument.Parse(line);
            if (document.RootElement.ValueKind == JsonValueKind.Object)
            {
                return new DataRow(number, Columns(document.RootElement));
            }

            var hint = document.RootElement.ValueKind == JsonValueKind.Array ? " (not a list of all rows)" : "";
            var kind = Kind(document.RootElement.ValueKind);
            faults.Add(number, $"it holds {kind}; every line must hold one JSON object{hint}.");
        }
        catch (JsonException e)
        {
            faults.Add(number, $"it is no complete JSON object, which every line must be: {Reason(e)}");
        }
        catch (InvalidOperationException)
        {
            faults.Add(number, @"a string in it holds half of a surrogate pair (\ud800 to \udfff), which is no text.");
        }
        catch (FormatException e)
        {
            faults.Add(number, e.Message);
        }

        return null;
    }

    /// <summary>An object's columns as text.</summary>
    /// <exception cref="FormatException">It holds a column twice, or a text that is none.</exception>
    /// <exception cref="InvalidOperationException">A string in it is no text.</exception>
    internal static Dictionary<string, string?> Columns(JsonElement root)
    {
        var columns = new Dictionary<string, string?>(StringComparer.OrdinalIgnoreCase);
        foreach (var property in root.EnumerateObject())
        {
            if (property.NameEquals("teacher"u8) && property.Value.ValueKind == JsonValueKind.Object)
            {
                foreach (var part in property.Value.EnumerateObject())
                {
                    Add("teacher." + part.Name, part.Value);
                }
            }
            else
            {
                Add(property.Name, property.Value);
            }
        }

        return columns;

        void Add(string name, JsonElement value)
        {
            if (!columns.TryAdd(name, Text(value)))
            {
                throw new FormatException($"it holds the column '{name}' twice (case does not count).");
            }
        }
    }

    /// <summary>A column's value as text: strings as they are, null as null, all else as JSON.</summary>
    private static string? Text(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => value.GetString() is { } text && !text.Contains('\0', StringComparison.Ordinal)
            ? text
            : throw new FormatException("it holds the character U+0000, which is no text."),
        JsonValueKind.Null => null,
        _ => value.GetRawText(),
    };

    private static string Kind(JsonValueKind kind) => kind switch
    {
        JsonValueKind.Array => "a JSON list",
        JsonValueKind.String => "a string",
        JsonValueKind.Number => "a number",
        _ => "a JSON value",
    };

    /// <summary>
    /// The parser's reason without its own count of lines, which starts anew with every line of the file.
    /// </summary>
    private static string Reason(JsonException e)
    {
        var end = e.Message.IndexOf(" LineNumber:", StringComparison.Ordinal);
        return $"{(end < 0 ? e.Message : e.Message[..end])} (byte {e.BytePositionInLine + 1})";
    }
}
