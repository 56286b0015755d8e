using System.Text.Json;

namespace StepDistill.Tokenizers;

/// <summary>Whether a tokenizer gives the ids that reference encodings say.</summary>
/// <param name="Texts">Number of texts compared.</param>
/// <param name="Equal">Number of texts whose ids were all equal.</param>
/// <param name="Differences">The first few texts that differ, in the file's order.</param>
public sealed record TokenizerCheck(int Texts, int Equal, IReadOnlyList<TokenizerDifference> Differences)
{
    private const int MostDifferences = 5;

    /// <summary>Compares a tokenizer with reference encodings.</summary>
    /// <param name="tokenizerPath">The tokenizer, see <see cref="Tokenizer.Load"/>.</param>
    /// <param name="expectedPath">
    /// One JSON object a line: <c>text</c>, and lists of ids by the names of models, without an end mark and with marks
    /// in the text read as plain text, as SentencePiece encodes.
    /// </param>
    /// <param name="name">
    /// Which list to compare with. Where it is null: the one called like the tokenizer's file or folder (t5 for
    /// t5.model), else <c>ids</c>, else the only one.
    /// </param>
    /// <exception cref="StepDistillException">
    /// Either cannot be read, or it is not clear which list is meant; the message says where and what was found.
    /// </exception>
    public static TokenizerCheck Run(string tokenizerPath, string expectedPath, string? name = null)
    {
        if (!File.Exists(expectedPath))
        {
            throw new StepDistillException(
                $"There are no reference encodings at {expectedPath}. Expected a file with one JSON object a line, "
                + "such as {\"text\": \"…\", \"ids\": [1, 2]}; check the path.");
        }

        var tokenizer = Tokenizer.Load(tokenizerPath);
        var own = Path.GetFileNameWithoutExtension(Path.TrimEndingDirectorySeparator(Path.GetFullPath(tokenizerPath)));
        var (texts, equal, number) = (0, 0, 0);
        var differences = new List<TokenizerDifference>();
        foreach (var line in File.ReadLines(expectedPath))
        {
            number++;
            if (string.IsNullOrWhiteSpace(line))
            {
                continue;
            }

            var (text, expected) = Read(line, name, own, $"{expectedPath}, line {number}");
            var found = tokenizer.Encode(text);
            texts++;
            if (found.AsSpan().SequenceEqual(expected))
            {
                equal++;
            }
            else if (differences.Count < MostDifferences)
            {
                differences.Add(new TokenizerDifference(number, text, expected, found));
            }
        }

        return texts > 0
            ? new TokenizerCheck(texts, equal, differences)
            : throw new StepDistillException(
                $"{expectedPath} holds no texts, so nothing was compared. Expected one JSON object a line; check the "
                + "path.");
    }

    private static (string Text, int[] Ids) Read(string line, string? name, string own, string place)
    {
        try
        {
            using var json = JsonDocument.Parse(line);
            var row = json.RootElement;
            if (row.ValueKind != JsonValueKind.Object || !row.TryGetProperty("text", out var text)
                || text.ValueKind != JsonValueKind.String)
            {
                throw new StepDistillException(
                    $"{place}: expected a JSON object with a 'text' and lists of ids, found {Short(line)}.");
            }

            return (text.GetString()!, ListOf(row, name, own, place).Deserialize<int[]>()!);
        }
        catch (Exception fault) when (fault is JsonException or InvalidOperationException)
        {
            throw new StepDistillException(
                $"{place} cannot be read: {fault.Message.TrimEnd('.')}. Expected a JSON object with a 'text' and lists "
                + $"of whole numbers, found {Short(line)}.",
                fault);
        }
    }

    private static JsonElement ListOf(JsonElement row, string? name, string own, string place)
    {
        var lists = row.EnumerateObject().Where(member => member.Value.ValueKind == JsonValueKind.Array).ToArray();
        foreach (var wanted in name is null ? [own, "ids"] : new[] { name })
        {
            if (Array.FindLastIndex(lists, list => list.Name == wanted) is >= 0 and var index)
            {
                return lists[index].Value;
            }
        }

        return name is null && lists.Length == 1
            ? lists[0].Value
            : throw new StepDistillException(
                $"{place}: there is no list of ids called '{name ?? own}'; found "
                + $"{string.Join(", ", lists.Select(list => list.Name))}. Say which belongs to this tokenizer.");
    }

    private static string Short(string line) => line.Length <= 80 ? line : line[..80] + "…";
}
