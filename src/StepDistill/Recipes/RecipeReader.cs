using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace StepDistill.Recipes;

/// <summary>Reads recipes: JSON with comments, where a misspelt key is an error.</summary>
public static class RecipeReader
{
    private static readonly JsonSerializerOptions Strict = new(JsonSerializerDefaults.Web)
    {
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        NumberHandling = JsonNumberHandling.Strict,
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        RespectNullableAnnotations = true,
    };

    private static readonly JsonDocumentOptions WithComments = new()
    {
        CommentHandling = JsonCommentHandling.Skip,
        AllowTrailingCommas = true,
    };

    /// <summary>Reads a recipe file and applies overrides to it.</summary>
    /// <param name="path">The file.</param>
    /// <param name="overrides">Settings of the form <c>training.learning_rate=1e-4</c>, applied in order.</param>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="RecipeException">The file is not JSON, or a key or value in it cannot be used.</exception>
    public static Recipe ReadFile(string path, IEnumerable<string>? overrides = null) =>
        Read(File.ReadAllText(path), path, overrides);

    /// <summary>Reads a recipe from text; see <see cref="ReadFile"/>.</summary>
    /// <param name="json">The recipe.</param>
    /// <param name="source">What to call it in error messages.</param>
    /// <param name="overrides">Settings of the form <c>training.learning_rate=1e-4</c>, applied in order.</param>
    /// <exception cref="RecipeException">The text is not JSON, or a key or value in it cannot be used.</exception>
    public static Recipe Read(string json, string source, IEnumerable<string>? overrides = null)
    {
        Recipe recipe;
        try
        {
            var root = JsonNode.Parse(json, documentOptions: WithComments) as JsonObject
                ?? throw new RecipeException(source, ["It must be a JSON object."]);
            foreach (var setting in overrides ?? [])
            {
                Apply(root, setting, source);
            }

            recipe = root.Deserialize<Recipe>(Strict)!;
        }
        catch (JsonException e)
        {
            throw new RecipeException(source, [e.Message]);
        }

        var faults = recipe.Faults().ToList();
        return faults.Count == 0 ? recipe : throw new RecipeException(source, faults);
    }

    private static void Apply(JsonObject root, string setting, string source)
    {
        var (path, value) = setting.Split('=', 2) is [var p, var v]
            ? (p, v)
            : throw new RecipeException(source, [$"The override '{setting}' must have the form section.key=value."]);

        var keys = path.Split('.');
        var section = root;
        foreach (var key in keys[..^1])
        {
            section = section[key] as JsonObject ?? (JsonObject)(section[key] = new JsonObject());
        }

        section[keys[^1]] = ParseValue(value);
    }

    private static JsonNode? ParseValue(string value)
    {
        try
        {
            return JsonNode.Parse(value);
        }
        catch (JsonException)
        {
            return JsonValue.Create(value);     // a bare word, such as task.name=cqa
        }
    }
}
