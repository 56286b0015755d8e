using System.Text;
using System.Text.Json;

namespace StepDistill.Serving.Http;

/// <summary>Reads typed values out of JSON, and names the field where they are of another type.</summary>
internal static class JsonFields
{
    /// <summary>A text. Half surrogates, which JSON can write with escapes, are no text.</summary>
    /// <exception cref="RequestFault">It is something else.</exception>
    public static string Text(JsonElement value, string field)
    {
        if (value.ValueKind != JsonValueKind.String)
        {
            throw RequestFault.At(field, $"is {JsonBody.Name(value.ValueKind)}; it must be a text.");
        }

        try
        {
            return value.GetString()!;
        }
        catch (InvalidOperationException)
        {
            throw RequestFault.At(field, "holds half of a surrogate pair (\\ud800 to \\udfff), which is no text.");
        }
    }

    /// <summary>A text of a limited length.</summary>
    /// <exception cref="RequestFault">It is something else, empty or too long.</exception>
    public static string Text(JsonElement value, string field, int maxCharacters)
    {
        var text = Text(value, field);
        return text.Length > maxCharacters ? throw RequestFault.At(field, $"has {text.Length} characters; it may have {maxCharacters}.")
            : string.IsNullOrWhiteSpace(text) ? throw RequestFault.At(field, "is empty.")
            : text;
    }

    /// <summary>True or false.</summary>
    /// <exception cref="RequestFault">It is something else.</exception>
    public static bool Switch(JsonElement value, string field) => value.ValueKind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => throw RequestFault.At(field, $"is {JsonBody.Name(value.ValueKind)}; it must be true or false."),
    };

    /// <summary>A whole number.</summary>
    /// <exception cref="RequestFault">It is something else.</exception>
    public static int Number(JsonElement value, string field) =>
        value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var number)
            ? number
            : throw RequestFault.At(field, "must be a whole number.");

    /// <summary>The elements of an array that has at least one.</summary>
    /// <exception cref="RequestFault">It is something else, empty or too long.</exception>
    public static IEnumerable<JsonElement> Array(JsonElement value, string field, int most)
    {
        if (value.ValueKind != JsonValueKind.Array)
        {
            throw RequestFault.At(field, $"is {JsonBody.Name(value.ValueKind)}; it must be an array.");
        }

        var length = value.GetArrayLength();
        return length == 0 ? throw RequestFault.At(field, "is empty.")
            : length > most ? throw RequestFault.At(field, $"has {length} elements; it may have {most}.")
            : value.EnumerateArray();
    }

    /// <summary>Choices: at least two different texts.</summary>
    /// <exception cref="RequestFault">They are something else.</exception>
    public static IReadOnlyList<string> Choices(JsonElement value, string field, ServeSettings limits)
    {
        string[] choices = [.. Array(value, field, limits.MaxChoices)
            .Select((choice, index) => Text(choice, $"{field}[{index}]", limits.MaxCharacters))];
        return choices.Length < 2 ? throw RequestFault.At(field, "has one element; a choice needs two.")
            : choices.Distinct(StringComparer.Ordinal).Count() < choices.Length ? throw RequestFault.At(field, "names a choice twice.")
            : choices;
    }

    /// <summary>A name that a client made up, short enough to be told back.</summary>
    public static string Shown(string name)
    {
        var shown = new StringBuilder();
        foreach (var rune in name.EnumerateRunes().Take(40))
        {
            shown.Append(Rune.IsControl(rune) ? "�" : rune.ToString());
        }

        return shown.Length < name.Length ? $"{shown}…" : shown.ToString();
    }
}
