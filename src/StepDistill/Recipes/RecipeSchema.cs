using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using StepDistill.Teachers.Redaction;

namespace StepDistill.Recipes;

/// <summary>Writes the JSON schema of recipes, by which editors complete keys, show what they mean, and mark mistakes.</summary>
public static partial class RecipeSchema
{
    private static readonly JsonSerializerOptions Page = new(RecipeReader.Json) { IndentSize = 2 };

    /// <summary>Writes the schema.</summary>
    /// <param name="documentation">The compiler's documentation file of this assembly, <c>StepDistill.xml</c>: the source of the descriptions.</param>
    /// <returns>A JSON schema, draft 2020-12.</returns>
    public static string Create(XDocument documentation)
    {
        var descriptions = documentation.Descendants("member").ToDictionary(
            member => (string)member.Attribute("name")!,
            member => Plain(member.Element("summary")));
        var schema = Section(RecipeKey.Root, typeof(Recipe), descriptions);
        ((JsonObject)schema["properties"]!).Insert(0, "$schema", new JsonObject { ["type"] = "string" });
        schema.Insert(0, "$schema", "https://json-schema.org/draft/2020-12/schema");
        schema.Insert(1, "title", "A recipe of StepDistill");
        return schema.ToJsonString(Page) + "\n";
    }

    private static JsonObject Of(RecipeKey key, Dictionary<string, string> descriptions)
    {
        var property = key.Property!;
        var schema = key.Kind == RecipeValueKind.Section
            ? Section(key, property.PropertyType, descriptions)
            : Value(key);
        schema.Insert(0, "description", descriptions[$"P:{property.DeclaringType!.FullName}.{property.Name}"]);
        return schema;
    }

    private static JsonObject Section(RecipeKey section, Type type, Dictionary<string, string> descriptions)
    {
        var schema = new JsonObject
        {
            ["description"] = descriptions[$"T:{type.FullName}"],
            ["type"] = section.IsNullable ? new JsonArray("object", "null") : "object",
            ["additionalProperties"] = false,
            ["required"] = new JsonArray([.. section.Keys.Where(key => key.IsRequired).Select(key => (JsonNode)key.Name)]),
            ["properties"] = new JsonObject(section.Keys.Select(key => KeyValuePair.Create(key.Name, (JsonNode?)Of(key, descriptions)))),
        };
        if (section.Kind == RecipeValueKind.Section && section.Path.Length > 0)
        {
            schema.Remove("description");       // the property's own says it
        }

        return schema;
    }

    private static JsonObject Value(RecipeKey key)
    {
        var type = key.Kind switch
        {
            RecipeValueKind.Flag => "boolean",
            RecipeValueKind.Number => "number",
            RecipeValueKind.WholeNumber => "integer",
            RecipeValueKind.TextList or RecipeValueKind.RedactionList => "array",
            _ => "string",
        };
        string[] types = [type, .. key is { Kind: RecipeValueKind.TextList, AllowsOne: true } ? ["string"] : Array.Empty<string>(),
            .. key.IsNullable ? ["null"] : Array.Empty<string>()];
        var schema = new JsonObject { ["type"] = types.Length == 1 ? type : new JsonArray([.. types.Select(one => (JsonNode)one)]) };
        if (key.Kind == RecipeValueKind.TextList)
        {
            schema["items"] = new JsonObject { ["type"] = "string" };
        }

        if (key.Kind == RecipeValueKind.RedactionList)
        {
            schema["items"] = Redaction();
        }

        if (key.Choices.Count > 0)
        {
            var values = key.Kind == RecipeValueKind.TextList ? (JsonObject)schema["items"]! : schema;
            values["enum"] = new JsonArray(
                [.. key.Choices.Select(choice => (JsonNode?)choice), .. key.IsNullable ? [null] : Array.Empty<JsonNode?>()]);
        }

        if (key.Pattern is { } pattern)
        {
            schema["pattern"] = $"^{pattern}$";
        }

        if (key.Range is { } range)
        {
            schema[range.MinimumIsExclusive ? "exclusiveMinimum" : "minimum"] = Number(range.Minimum);
            if (range.Maximum is not (int.MaxValue or double.PositiveInfinity))
            {
                schema[range.MaximumIsExclusive ? "exclusiveMaximum" : "maximum"] = Number(range.Maximum);
            }
        }

        return schema;

        static JsonNode Number(object value) => JsonNode.Parse(Convert.ToString(value, CultureInfo.InvariantCulture)!)!;
    }

    private static JsonObject Redaction() => new()
    {
        ["anyOf"] = new JsonArray(
            new JsonObject { ["enum"] = new JsonArray([.. Redactor.Kinds.Select(kind => (JsonNode)kind)]) },
            new JsonObject
            {
                ["type"] = "object",
                ["additionalProperties"] = false,
                ["required"] = new JsonArray("pattern"),
                ["properties"] = new JsonObject
                {
                    ["pattern"] = new JsonObject { ["type"] = "string", ["format"] = "regex" },
                    ["replacement"] = new JsonObject { ["type"] = "string" },
                },
            }),
    };

    /// <summary>The text of a documentation comment: references by their last word, names of properties as recipes write them.</summary>
    private static string Plain(XElement? summary)
    {
        if (summary is null)
        {
            return "";
        }

        foreach (var reference in summary.Descendants("see").ToList())
        {
            var target = (string?)reference.Attribute("cref") ?? (string?)reference.Attribute("href") ?? "";
            reference.ReplaceWith(target.StartsWith("P:", StringComparison.Ordinal)
                ? JsonNamingPolicy.SnakeCaseLower.ConvertName(target[(target.LastIndexOf('.') + 1)..])
                : target[(target.LastIndexOf('.') + 1)..]);
        }

        return WhiteSpace().Replace(summary.Value, " ").Trim();
    }

    [GeneratedRegex(@"\s+")]
    private static partial Regex WhiteSpace();
}
