using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace StepDistill.Tokenizers;

/// <summary>The same vocabulary as Hugging Face's <c>tokenizer.json</c>, read and written.</summary>
/// <remarks>
/// Layout: huggingface/tokenizers, as the conversion of a T5 gives it (<c>T5Converter</c> of transformers): normaliser
/// Precompiled, pre-tokenizer WhitespaceSplit and Metaspace, model Unigram, template <c>A &lt;/s&gt;</c>, decoder
/// Metaspace. Variants with Replace and Strip are read, too. Reading gives SentencePiece's behaviour; the few texts
/// that Hugging Face's own program cuts otherwise (pieces with white space inside) follow SentencePiece.
/// </remarks>
internal static class TokenizerJson
{
    private const string Space = "▁";

    private static readonly JsonSerializerOptions Readable = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>Reads a file.</summary>
    /// <param name="utf8">The file's content.</param>
    /// <param name="names">How the marks are written; sentinels and other marks are taken from the file.</param>
    /// <exception cref="InvalidDataException">The file holds no Unigram tokenizer; the message says what was
    /// found.</exception>
    public static Tokenizer Read(ReadOnlyMemory<byte> utf8, SpecialNames names)
    {
        try
        {
            using var json = JsonDocument.Parse(utf8);
            return Read(json.RootElement, names);
        }
        catch (Exception fault) when (fault is JsonException or InvalidOperationException)
        {
            // InvalidOperationException: a text in it holds half a surrogate pair.
            throw new InvalidDataException(fault.Message, fault);
        }
    }

    /// <summary>Whether the layout can say what the model does.</summary>
    public static bool CanExpress(SentencePieceModel model) =>
        !model.TreatWhitespaceAsSuffix && model.Normalizer.EscapeWhitespaces;

    /// <summary>Writes a model that <see cref="CanExpress"/> accepts.</summary>
    public static byte[] Write(SentencePieceModel model, SpecialPieces specials)
    {
        var texts = model.Pieces.Select(piece => Encoding.UTF8.GetString(piece.Text)).ToArray();
        var vocabulary = new JsonArray();
        for (var id = 0; id < texts.Length; id++)
        {
            vocabulary.Add(new JsonArray(texts[id], (double)model.Pieces[id].Score));
        }

        for (var sentinel = specials.Names.Sentinels - 1; sentinel >= 0; sentinel--)
        {
            vocabulary.Add(new JsonArray(SpecialNames.Sentinel(sentinel), 0.0));
        }

        var added = specials.Ids.Select(mark => (Id: mark.Value, Text: mark.Key, Special: true))
            .Concat(from id in Enumerable.Range(0, texts.Length)
                    let kind = model.Pieces[id].Kind
                    where kind is PieceKind.UserDefined or PieceKind.Control && !specials.Contains(id)
                    select (Id: id, Text: texts[id], Special: kind == PieceKind.Control))
            .OrderBy(token => token.Id);
        var end = specials.Names.End;
        var unigram = new JsonObject
        {
            ["type"] = "Unigram",
            ["unk_id"] = specials.UnknownId,
            ["vocab"] = vocabulary,
        };
        if (model.ByteFallback)
        {
            unigram["byte_fallback"] = true;
        }

        var root = new JsonObject
        {
            ["version"] = "1.0",
            ["truncation"] = null,
            ["padding"] = null,
            ["added_tokens"] = new JsonArray(
                [.. added.Select(token => AddedToken(token.Id, token.Text, token.Special))]),
            ["normalizer"] = model.Normalizer.CharacterMap.Length == 0 ? null : new JsonObject
            {
                ["type"] = "Precompiled",
                ["precompiled_charsmap"] = Convert.ToBase64String(model.Normalizer.CharacterMap),
            },
            ["pre_tokenizer"] = PreTokenizer(model.Normalizer),
            ["post_processor"] = new JsonObject
            {
                ["type"] = "TemplateProcessing",
                ["single"] = new JsonArray(Sequence("A"), Mark(end)),
                ["pair"] = new JsonArray(Sequence("A"), Mark(end), Sequence("B"), Mark(end)),
                ["special_tokens"] = new JsonObject
                {
                    [end] = new JsonObject
                    {
                        ["id"] = end,
                        ["ids"] = new JsonArray(specials.EndId),
                        ["tokens"] = new JsonArray(end),
                    },
                },
            },
            ["decoder"] = Metaspace(model.Normalizer.AddDummyPrefix),
            ["model"] = unigram,
        };
        return Encoding.UTF8.GetBytes(root.ToJsonString(Readable));
    }

    private static JsonObject AddedToken(int id, string text, bool special) => new()
    {
        ["id"] = id,
        ["content"] = text,
        ["single_word"] = false,
        ["lstrip"] = false,
        ["rstrip"] = false,
        ["normalized"] = false,
        ["special"] = special,
    };

    private static JsonObject Sequence(string id) =>
        new() { ["Sequence"] = new JsonObject { ["id"] = id, ["type_id"] = 0 } };

    private static JsonObject Mark(string id) =>
        new() { ["SpecialToken"] = new JsonObject { ["id"] = id, ["type_id"] = 0 } };

    private static JsonObject PreTokenizer(NormalizerRules rules) => !rules.RemoveExtraWhitespaces
        ? Metaspace(rules.AddDummyPrefix)
        : new JsonObject
        {
            ["type"] = "Sequence",
            ["pretokenizers"] = new JsonArray(
                new JsonObject { ["type"] = "WhitespaceSplit" }, Metaspace(rules.AddDummyPrefix)),
        };

    // Older programs read the flag, newer ones the scheme.
    private static JsonObject Metaspace(bool prefix) => new()
    {
        ["type"] = "Metaspace",
        ["replacement"] = Space,
        ["add_prefix_space"] = prefix,
        ["prepend_scheme"] = prefix ? "always" : "never",
    };

    private static Tokenizer Read(JsonElement root, SpecialNames names)
    {
        var unigram = Member(root, "model", JsonValueKind.Object);
        var type = unigram.TryGetProperty("type", out var written) ? written.ToString() : "Unigram";
        if (type != "Unigram")
        {
            throw new InvalidDataException($"it holds a {type} model, and only Unigram models can be read");
        }

        var pieces = Member(unigram, "vocab", JsonValueKind.Array).EnumerateArray().Select(ReadPiece).ToList();
        var unknownId = unigram.TryGetProperty("unk_id", out var unknown) && unknown.ValueKind == JsonValueKind.Number
            && unknown.TryGetInt32(out var found) && found >= 0 && found < pieces.Count
            ? found
            : throw new InvalidDataException($"unk_id is {unknown}, not the number of one of {pieces.Count} pieces");
        var added = root.TryGetProperty("added_tokens", out var list) && list.ValueKind == JsonValueKind.Array
            ? list.EnumerateArray().Select(ReadAdded).OrderBy(token => token.Id).ToList()
            : [];

        // A T5's sentinels stand at the end of the vocabulary, where SentencePiece's own file does not have them.
        var sentinels = added.Select(token => token.Text).Where(SpecialNames.IsSentinel).ToHashSet();
        var texts = pieces.Select(piece => Encoding.UTF8.GetString(piece.Text)).ToList();
        while (pieces.Count > 0 && sentinels.Contains(texts[pieces.Count - 1]))
        {
            pieces.RemoveAt(pieces.Count - 1);
        }

        foreach (var (id, text, special) in added.Where(token => token.Id < pieces.Count))
        {
            if (texts[id] != text)
            {
                throw new InvalidDataException(
                    $"the added token '{text}' has id {id}, which the vocabulary calls '{texts[id]}'");
            }

            pieces[id] = pieces[id] with { Kind = special ? PieceKind.Control : PieceKind.UserDefined };
        }

        if (unknownId >= pieces.Count)
        {
            throw new InvalidDataException($"unk_id is {unknownId}, one of the sentinels");
        }

        pieces[unknownId] = pieces[unknownId] with { Kind = PieceKind.Unknown };
        var bytes = unigram.TryGetProperty("byte_fallback", out var flag) && flag.ValueKind == JsonValueKind.True;
        for (var id = 0; bytes && id < pieces.Count; id++)
        {
            pieces[id] = ByteText.ByteOf(pieces[id].Text) >= 0 ? pieces[id] with { Kind = PieceKind.Byte } : pieces[id];
        }

        var model = new SentencePieceModel { Pieces = pieces, ByteFallback = bytes, Normalizer = ReadRules(root) };
        var tokenizer = new Tokenizer(model, names with
        {
            Unknown = texts[unknownId],
            Sentinels = added.Count(token => token.Id >= pieces.Count && SpecialNames.IsSentinel(token.Text)),
            Others = [.. added.Where(token => token.Id >= pieces.Count && !SpecialNames.IsSentinel(token.Text))
                .Select(token => token.Text)],
        });
        foreach (var (id, text, _) in added.Where(token => token.Id >= pieces.Count))
        {
            if (!tokenizer.Marks.TryGetValue(text, out var ours) || ours != id)
            {
                throw new InvalidDataException(
                    $"the added token '{text}' has id {id}; in a T5's order it would be {ours}");
            }
        }

        return tokenizer;
    }

    private static Piece ReadPiece(JsonElement entry, int id) =>
        entry.ValueKind == JsonValueKind.Array && entry.GetArrayLength() == 2
        && entry[0].ValueKind == JsonValueKind.String
        && entry[1].ValueKind == JsonValueKind.Number && entry[1].TryGetDouble(out var score)
            ? new Piece(Encoding.UTF8.GetBytes(entry[0].GetString()!), (float)score, PieceKind.Normal)
            : throw new InvalidDataException($"piece {id} is not a text and a score");

    private static (int Id, string Text, bool Special) ReadAdded(JsonElement token) =>
        token.ValueKind == JsonValueKind.Object
        && token.TryGetProperty("id", out var id)
        && id.ValueKind == JsonValueKind.Number && id.TryGetInt32(out var number) && number >= 0
        && token.TryGetProperty("content", out var content) && content.ValueKind == JsonValueKind.String
        && content.GetString() is { Length: > 0 } text
            ? (number, text, token.TryGetProperty("special", out var flag) && flag.ValueKind == JsonValueKind.True)
            : throw new InvalidDataException("an entry of added_tokens has no number 'id' or no text 'content'");

    private static NormalizerRules ReadRules(JsonElement root)
    {
        var rules = new NormalizerRules { AddDummyPrefix = false, RemoveExtraWhitespaces = false };
        foreach (var step in Steps(root, "normalizer", "normalizers"))
        {
            switch (TypeOf(step))
            {
                case "Precompiled":
                    var map = step.TryGetProperty("precompiled_charsmap", out var text)
                        && text.ValueKind == JsonValueKind.String && text.TryGetBytesFromBase64(out var bytes)
                            ? bytes
                            : null;
                    rules = rules with
                    {
                        CharacterMap = map ?? throw new InvalidDataException("precompiled_charsmap is not base64"),
                    };
                    break;
                case "Replace":
                    var pattern = step.TryGetProperty("pattern", out var found) ? found.ToString() : "";
                    if (!pattern.Contains(" {2,}", StringComparison.Ordinal))
                    {
                        throw new InvalidDataException(
                            $"it replaces {pattern}, and only runs of spaces (' {{2,}}') can be");
                    }

                    rules = rules with { RemoveExtraWhitespaces = true };
                    break;
                case "Strip":
                    break;
                case var other:
                    throw new InvalidDataException(
                        $"its normalizer has a step '{other}'; only Precompiled, Replace and Strip can be read");
            }
        }

        foreach (var step in Steps(root, "pre_tokenizer", "pretokenizers"))
        {
            switch (TypeOf(step))
            {
                case "WhitespaceSplit":
                    rules = rules with { RemoveExtraWhitespaces = true };
                    break;
                case "Metaspace":
                    if (step.TryGetProperty("replacement", out var replacement) && replacement.ToString() != Space)
                    {
                        throw new InvalidDataException($"it writes white space as '{replacement}', not as U+2581");
                    }

                    rules = rules with { AddDummyPrefix = HasPrefix(step) };
                    break;
                case var other:
                    throw new InvalidDataException(
                        $"its pre_tokenizer has a step '{other}'; only WhitespaceSplit and Metaspace can be read");
            }
        }

        return rules;
    }

    private static bool HasPrefix(JsonElement metaspace) =>
        metaspace.TryGetProperty("prepend_scheme", out var scheme)
            ? scheme.ToString() != "never"
            : !metaspace.TryGetProperty("add_prefix_space", out var flag) || flag.ValueKind != JsonValueKind.False;

    private static IEnumerable<JsonElement> Steps(JsonElement root, string name, string inner)
    {
        if (!root.TryGetProperty(name, out var step) || step.ValueKind == JsonValueKind.Null)
        {
            return [];
        }

        return TypeOf(step) == "Sequence" ? [.. Member(step, inner, JsonValueKind.Array).EnumerateArray()] : [step];
    }

    private static string TypeOf(JsonElement step) =>
        step.ValueKind == JsonValueKind.Object && step.TryGetProperty("type", out var type)
            ? type.ToString()
            : throw new InvalidDataException("a step of its normalizer or pre_tokenizer has no type");

    private static JsonElement Member(JsonElement parent, string name, JsonValueKind kind) =>
        parent.ValueKind == JsonValueKind.Object
        && parent.TryGetProperty(name, out var member) && member.ValueKind == kind
            ? member
            : throw new InvalidDataException($"it has no {kind.ToString().ToLowerInvariant()} '{name}'");
}
