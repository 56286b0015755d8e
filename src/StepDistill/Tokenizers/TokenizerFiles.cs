using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using StepDistill.Files;

namespace StepDistill.Tokenizers;

/// <summary>The files of a tokenizer: finding, reading and writing them.</summary>
internal static class TokenizerFiles
{
    private const string SentencePieceName = "spiece.model";
    private const string JsonName = "tokenizer.json";
    private const string ConfigName = "tokenizer_config.json";
    private const string MarksName = "special_tokens_map.json";

    // Several times the largest published Unigram vocabularies (mT5: 4 MB, and 16 MB as JSON).
    private const long LargestFile = 64 << 20;
    private const int MostSentinels = 10_000;

    private static readonly JsonSerializerOptions Readable = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        WriteIndented = true,
    };

    /// <summary>See <see cref="Tokenizer.Load"/>.</summary>
    public static Tokenizer Load(string path)
    {
        var file = Find(path) ?? throw new StepDistillException(
            $"There is no tokenizer at {path}. Expected a SentencePiece model, a {JsonName}, or a folder that holds "
            + $"{SentencePieceName} or {JsonName}; check the path.");
        var names = ReadNames(Path.GetDirectoryName(Path.GetFullPath(file))!);
        try
        {
            var bytes = ReadBounded(file);
            // No protobuf message that SentencePiece writes starts with a brace.
            return Path.GetExtension(file) == ".json" || bytes is [(byte)'{', ..]
                ? TokenizerJson.Read(bytes, names)
                : new Tokenizer(SentencePieceModel.Parse(bytes), names);
        }
        catch (Exception fault) when (fault is InvalidDataException or IOException or UnauthorizedAccessException)
        {
            throw new StepDistillException(
                $"{file} cannot be read as a tokenizer: {fault.Message.TrimEnd('.')}. Expected a SentencePiece Unigram "
                + $"model or a {JsonName} of a T5; copy the file again from where it came from, or choose another one.",
                fault);
        }
    }

    /// <summary>See <see cref="Tokenizer.Save"/>.</summary>
    public static void Save(string folder, SentencePieceModel model, SpecialPieces specials)
    {
        AtomicFile.Write(
            Path.Combine(folder, SentencePieceName),
            stream => stream.Write(model.ToBytes(specials.PadId, specials.EndId)));
        if (TokenizerJson.CanExpress(model))
        {
            AtomicFile.Write(
                Path.Combine(folder, JsonName), stream => stream.Write(TokenizerJson.Write(model, specials)));
        }

        var marks = new JsonObject
        {
            ["eos_token"] = specials.Names.End,
            ["pad_token"] = specials.Names.Pad,
            ["unk_token"] = specials.Names.Unknown,
            ["additional_special_tokens"] = new JsonArray(
                [.. Enumerable.Range(0, specials.Names.Sentinels).Select(SpecialNames.Sentinel)
                    .Concat(specials.Names.Others).Select(name => (JsonNode)name)]),
        };
        AtomicFile.WriteText(Path.Combine(folder, MarksName), marks.ToJsonString(Readable) + "\n");
        marks["extra_ids"] = specials.Names.Sentinels;
        marks["tokenizer_class"] = "T5Tokenizer";
        // Decoded text stays as it is; otherwise readers would drop white space before punctuation.
        marks["clean_up_tokenization_spaces"] = false;
        AtomicFile.WriteText(Path.Combine(folder, ConfigName), marks.ToJsonString(Readable) + "\n");
    }

    private static string? Find(string path) =>
        new[] { path, Path.Combine(path, SentencePieceName), Path.Combine(path, JsonName) }.FirstOrDefault(File.Exists);

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
        foreach (var name in (string[])[ConfigName, MarksName])
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
                    sentinels = extra.TryGetInt32(out var number) && number is >= 0 and <= MostSentinels
                        ? number
                        : throw new InvalidDataException(
                            $"extra_ids is {extra}, not a number from 0 to {MostSentinels}");
                }

                if (root.TryGetProperty("additional_special_tokens", out var list)
                    && list.ValueKind == JsonValueKind.Array)
                {
                    others = [.. list.EnumerateArray().Select(Content).OfType<string>().Where(text => text.Length > 0)];
                }
            }
            catch (Exception fault) when (fault is JsonException or InvalidDataException or InvalidOperationException
                or IOException or UnauthorizedAccessException)
            {
                throw new StepDistillException(
                    $"{file} cannot be read: {fault.Message.TrimEnd('.')}. Expected a JSON object as Hugging Face "
                    + "writes it; copy the file again, or remove it to read the tokenizer with T5's usual marks.",
                    fault);
            }
        }

        var listed = others?.Count(SpecialNames.IsSentinel) ?? 0;
        var count = sentinels ?? (listed > 0 ? listed : names.Sentinels);
        var known = Enumerable.Range(0, count).Select(SpecialNames.Sentinel).ToHashSet();
        return names with
        {
            Sentinels = count,
            Others = [.. (others ?? []).Where(name => !known.Contains(name)).Distinct()],
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
