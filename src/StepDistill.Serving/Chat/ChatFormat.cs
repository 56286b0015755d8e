using System.Text.Json;
using StepDistill.Serving.Http;

namespace StepDistill.Serving.Chat;

/// <summary>Reads <c>response_format</c>.</summary>
internal static class ChatFormat
{
    private const string Field = "response_format";
    private const string Properties = $"{Field}.json_schema.schema.properties";

    /// <summary>Reads it.</summary>
    /// <exception cref="RequestFault">It asks for what a student cannot write.</exception>
    public static ContentForm Of(JsonElement format)
    {
        if (format.ValueKind != JsonValueKind.Object)
        {
            throw RequestFault.At(Field, $"is {JsonBody.Name(format.ValueKind)}; it must be an object.");
        }

        var type = ChatReading.Field(format, "type") is { } named ? JsonFields.Text(named, $"{Field}.type") : null;
        return type switch
        {
            "text" => ContentForm.Text,
            "json_object" => new ContentForm(["label", "confidence"]),
            "json_schema" => Schema(format),
            _ => throw RequestFault.At($"{Field}.type", "must be text, json_object or json_schema."),
        };
    }

    /// <summary>The properties that the schema names: a student fills those that it knows, and no others.</summary>
    private static ContentForm Schema(JsonElement format)
    {
        if (Inner(format, "json_schema") is not { } named || Inner(named, "schema") is not { } schema || Inner(schema, "properties") is not { } properties)
        {
            throw RequestFault.At(Properties, "must be an object: the fields of the reply.");
        }

        var names = properties.EnumerateObject().Select(property => property.Name).ToList();
        var unknown = names.FirstOrDefault(name => !ContentForm.Known.Contains(name));
        return unknown is not null
            ? throw RequestFault.At(Properties, $"names {JsonFields.Shown(unknown)}; a student can fill {string.Join(", ", ContentForm.Known)}.")
            : names.Count == 0 ? throw RequestFault.At(Properties, "is empty.")
            : new ContentForm([.. ContentForm.Known.Where(names.Contains)]);
    }

    private static JsonElement? Inner(JsonElement value, string name) =>
        ChatReading.Field(value, name) is { ValueKind: JsonValueKind.Object } inner ? inner : null;
}
