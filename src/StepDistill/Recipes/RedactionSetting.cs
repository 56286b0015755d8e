using System.Text.Json;
using System.Text.Json.Serialization;

namespace StepDistill.Recipes;

/// <summary>One item of <c>teacher.redact</c>: a built-in kind by its name, or a pattern of one's own with its replacement.</summary>
[JsonConverter(typeof(Converter))]
public sealed record RedactionSetting
{
    /// <summary>A built-in kind, one of <see cref="Teachers.Redaction.Redactor.Kinds"/>; null where a pattern is given.</summary>
    public string? Kind { get; init; }

    /// <summary>A regular expression; null where a kind is given.</summary>
    public string? Pattern { get; init; }

    /// <summary>What takes the place of what the pattern matches, as it stands. Default: <c>[REDACTED]</c>.</summary>
    public string Replacement { get; init; } = "[REDACTED]";

    /// <summary>Whether a value has the form of a setting: a text, or an object with a pattern and perhaps a replacement, both texts.</summary>
    internal static bool Allows(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => true,
        JsonValueKind.Object => value.TryGetProperty("pattern", out _)
            && value.EnumerateObject().All(one => one.Name is "pattern" or "replacement" && one.Value.ValueKind == JsonValueKind.String),
        _ => false,
    };

    /// <summary>A kind is written as a text, as people write it.</summary>
    private sealed class Converter : JsonConverter<RedactionSetting>
    {
        public override RedactionSetting Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
        {
            using var document = JsonDocument.ParseValue(ref reader);
            var value = document.RootElement;
            return !Allows(value) ? throw new JsonException("it is neither a name nor an object with a pattern")
                : value.ValueKind == JsonValueKind.String ? new() { Kind = value.GetString() }
                : value.TryGetProperty("replacement", out var replacement)
                    ? new() { Pattern = value.GetProperty("pattern").GetString(), Replacement = replacement.GetString()! }
                    : new() { Pattern = value.GetProperty("pattern").GetString() };
        }

        public override void Write(Utf8JsonWriter writer, RedactionSetting value, JsonSerializerOptions options)
        {
            if (value.Kind is { } kind)
            {
                writer.WriteStringValue(kind);
                return;
            }

            writer.WriteStartObject();
            writer.WriteString("pattern", value.Pattern);
            writer.WriteString("replacement", value.Replacement);
            writer.WriteEndObject();
        }
    }
}
