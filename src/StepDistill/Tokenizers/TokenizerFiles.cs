using System.Text.Json;

namespace StepDistill.Tokenizers;

/// <summary>The files of a tokenizer: finding and reading them.</summary>
internal static class TokenizerFiles
{
    public const string SentencePieceName = "spiece.model";

    // The largest published vocabularies have a tenth of it.
    private const long LargestFile = 128 << 20;
    private const int MostSentinels = 100_000;

    /// <summary>See <see cref="Tokenizer.Load"/>.</summary>
    public static Tokenizer Load(string path)
    {
        var file = Directory.Exists(path) ? Path.Combine(path, SentencePieceName) : path;
        if (!File.Exists(file))
        {
            throw new StepDistillException(
                $"There is no tokenizer at {file}. Expected a SentencePiece model or a folder that holds a "
                + $"{SentencePieceName}; check the path.");
        }

        var folder = Path.GetDirectoryName(Path.GetFullPath(file))!;
        try
        {
            return new Tokenizer(SentencePieceModel.Parse(ReadBounded(file)), ReadNames(folder));
        }
        catch (InvalidDataException fault)
        {
            throw new StepDistillException(
                $"{file} cannot be read as a tokenizer: {fault.Message}. Expected a SentencePiece Unigram model; copy the "
                + "file again from where it came from, or choose another one.",
                fault);
        }
    }

    private static byte[] ReadBounded(string file)
    {
        var size = new FileInfo(file).Length;
        return size <= LargestFile
            ? File.ReadAllBytes(file)
            : throw new InvalidDataException($"it has {size} bytes, more than any tokenizer ({LargestFile})");
    }

    private static SpecialNames ReadNames(string folder)
    {
        var names = new SpecialNames();
        int? sentinels = null;
        IReadOnlyList<string>? others = null;
        foreach (var name in (string[])["tokenizer_config.json", "special_tokens_map.json"])
        {
            var file = Path.Combine(folder, name);
            if (!File.Exists(file))
            {
                continue;
            }

            try
            {
                using var json = JsonDocument.Parse(ReadBounded(file));
                var root = json.RootElement;
                if (root.ValueKind != JsonValueKind.Object)
                {
                    throw new InvalidDataException($"it holds a {root.ValueKind} instead of an object");
                }

                names = names with
                {
                    Pad = Text(root, "pad_token") ?? names.Pad,
                    End = Text(root, "eos_token") ?? names.End,
                    Unknown = Text(root, "unk_token") ?? names.Unknown,
                };
                if (root.TryGetProperty("extra_ids", out var extra) && extra.ValueKind == JsonValueKind.Number)
                {
                    sentinels = extra.TryGetInt32(out var count) && count is >= 0 and <= MostSentinels
                        ? count
                        : throw new InvalidDataException($"extra_ids is {extra}, not a number from 0 to {MostSentinels}");
                }

                if (root.TryGetProperty("additional_special_tokens", out var list) && list.ValueKind == JsonValueKind.Array)
                {
                    others = [.. list.EnumerateArray().Select(Content).OfType<string>().Where(other => other.Length > 0)];
                }
            }
            catch (Exception fault) when (fault is JsonException or InvalidDataException)
            {
                throw new StepDistillException(
                    $"{file} cannot be read: {fault.Message}. Expected a JSON object as Hugging Face writes it; copy the "
                    + "file again, or remove it to read the tokenizer with T5's usual marks.",
                    fault);
            }
        }

        var listed = others?.Count(SpecialNames.IsSentinel) ?? 0;
        return names with
        {
            Sentinels = sentinels ?? (listed > 0 ? listed : names.Sentinels),
            Others = others ?? [],
        };
    }

    private static string? Text(JsonElement parent, string name) =>
        parent.TryGetProperty(name, out var value) && Content(value) is { Length: > 0 } text ? text : null;

    // A mark is written as its text, or as an object with its text and flags.
    private static string? Content(JsonElement mark) => mark.ValueKind switch
    {
        JsonValueKind.String => mark.GetString(),
        JsonValueKind.Object when mark.TryGetProperty("content", out var text) && text.ValueKind == JsonValueKind.String
            => text.GetString(),
        _ => null,
    };
}
