using System.Text.Json;

namespace StepDistill.Tasks;

/// <summary>
/// An input's own choices: read from columns or from the input's lines, and written as lines <c>(a) …</c>.
/// </summary>
public static class Choices
{
    /// <summary>The most choices an input can have: one for each letter.</summary>
    public const int Most = 26;

    /// <summary>The letter of a choice, from 0.</summary>
    public static char Letter(int index) => (char)('a' + index);

    /// <summary>
    /// The choice that a bare letter names, such as <c>b</c>, <c>(B)</c> or <c>b)</c>; null where the text is more.
    /// </summary>
    public static int? IndexOfLetter(string text)
    {
        var bare = text.AsSpan().Trim().TrimStart('(').TrimEnd(".)");
        return bare.Length == 1 && char.IsAsciiLetter(bare[0]) ? char.ToLowerInvariant(bare[0]) - 'a' : null;
    }

    /// <summary>Writes choices as the paper's program does, one line each.</summary>
    public static string Write(IReadOnlyList<string> choices) =>
        string.Join('\n', choices.Select((choice, index) => $"({Letter(index)}) {choice}"));

    /// <summary>
    /// Reads the last run of lines <c>(a) …</c>, <c>(b) …</c> in an input; empty where there is none.
    /// </summary>
    public static IReadOnlyList<string> FromInput(string input)
    {
        var choices = new List<string>();
        foreach (var line in input.AsSpan().EnumerateLines())
        {
            if (line is not ['(', var letter, ')', ..])
            {
                continue;
            }

            if (letter == 'a')
            {
                choices.Clear();
            }

            if (choices.Count < Most && letter == Letter(choices.Count))
            {
                choices.Add(line[3..].Trim().ToString());
            }
        }

        return choices;
    }

    /// <summary>
    /// Reads choices from a row: the column <c>choices</c> (a JSON list of strings, or Hugging Face's object with the
    /// list <c>text</c>), or columns <c>choice_a</c>, <c>choice_b</c>, … or <c>choice_1</c>, … (from 0 or 1).
    /// </summary>
    /// <returns>Null where the row has none of these columns.</returns>
    /// <exception cref="FormatException">
    /// The column <c>choices</c> holds something else; the message says what.
    /// </exception>
    public static IReadOnlyList<string>? FromColumns(IReadOnlyDictionary<string, string?> row)
    {
        if (row.TryGetValue("choices", out var list) && list is not null)
        {
            return Parse(list);
        }

        var columns = Column("a") is not null ? Collect(index => Letter(index).ToString())
            : Column("0") is not null ? Collect(index => $"{index}")
            : Collect(index => $"{index + 1}");
        return columns.Count > 0 ? columns : null;

        string? Column(string name) => row.GetValueOrDefault("choice_" + name);

        List<string> Collect(Func<int, string> name) =>
            [
            .. Enumerable.Range(0, Most)
                .Select(index => Column(name(index)))
                .TakeWhile(text => text is not null)
                .Select(text => text!),
        ];
    }

    private static List<string> Parse(string json)
    {
        const string Expected = "a JSON list of 2 to 26 non-blank strings, such as [\"left\", \"right\"]";
        try
        {
            using var document = JsonDocument.Parse(json);
            var root = document.RootElement;
            if (root.ValueKind == JsonValueKind.Object && root.TryGetProperty("text", out var texts))
            {
                root = texts;
            }

            if (root.ValueKind == JsonValueKind.Array && root.GetArrayLength() is >= 2 and <= Most
                && root.EnumerateArray().All(item => item.ValueKind == JsonValueKind.String
                    && !string.IsNullOrWhiteSpace(item.GetString())))
            {
                return [.. root.EnumerateArray().Select(item => item.GetString()!)];
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new FormatException($"the column 'choices' is no JSON; it must be {Expected}", e);
        }

        throw new FormatException($"the column 'choices' is not {Expected}");
    }
}
