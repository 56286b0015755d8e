using System.Text.Json;
using System.Text.Json.Nodes;

namespace StepDistill.Recipes;

/// <summary>One reading of one recipe: walks the text beside the tree of known keys and gathers everything that is wrong.</summary>
/// <param name="source">What to call the recipe in messages.</param>
/// <param name="folder">Where its relative paths start; null leaves them as they are.</param>
internal sealed class RecipeReading(string source, string? folder)
{
    /// <summary>Share of the steps over which the rate of the preset <c>scratch</c> rises.</summary>
    private const int ScratchWarmupDivisor = 20;

    /// <summary>Step size of the preset <c>scratch</c>: at the program's 5e-5 random weights hardly move.</summary>
    private const double ScratchLearningRate = 1e-3;

    private readonly List<string> _faults = [];
    private readonly HashSet<string> _faulty = [];
    private readonly HashSet<string> _overridden = [];
    private readonly Dictionary<string, JsonNode?> _overrides = [];

    /// <summary>Reads the recipe.</summary>
    /// <exception cref="RecipeException">Something in it cannot be used; all faults are listed.</exception>
    public Recipe Read(JsonElement root, IEnumerable<string> overrides)
    {
        foreach (var setting in overrides)
        {
            ReadOverride(setting);
        }

        var values = new JsonObject();
        if (root.ValueKind == JsonValueKind.Object)
        {
            ReadSection(root, RecipeKey.Root, values);
        }
        else
        {
            _faults.Add($"It is {Show(root)}; it must be an object in braces.");
        }

        foreach (var (path, value) in _overrides)
        {
            Set(values, path, value);
        }

        RequireMissing(RecipeKey.Root, values);
        ApplyPreset(values);
        var recipe = values.Deserialize<Recipe>(RecipeReader.Json)!;
        _faults.AddRange(
            from fault in new[] { recipe.Task.Faults(), recipe.Teacher.Faults(), recipe.Student.Faults() }.SelectMany(f => f)
            where !_faulty.Contains(fault.Split(' ')[0])        // told already
            select fault);
        return _faults.Count == 0 ? recipe : throw new RecipeException(source, _faults);
    }

    private void ReadOverride(string setting)
    {
        if (setting.Split('=', 2) is not [var path, var text])
        {
            _faults.Add($"--set {setting} has no '='; it must have the form section.key=value.");
            return;
        }

        var key = RecipeKey.Root.Leaves.FirstOrDefault(leaf => leaf.Path == path);
        if (key is null)
        {
            var section = Sections(RecipeKey.Root).FirstOrDefault(candidate => candidate.Path == path);
            _faults.Add(section is null
                ? $"--set {setting}: there is no key '{path}'{Suggestion(path)}"
                : $"--set {setting}: '{path}' is a section; set one of its keys, such as {section.Leaves.First().Path}.");
            return;
        }

        _overridden.Add(path);
        if (text == "null" && key.IsNullable)
        {
            _overrides[path] = null;
            return;
        }

        var value = key.ParseOverride(text);
        using var parsed = JsonDocument.Parse(value?.ToJsonString() ?? "null");
        if (Check(parsed.RootElement, key, " (by --set)"))
        {
            _overrides[path] = Resolved(key, value!, Environment.CurrentDirectory);
        }
    }

    private void ReadSection(JsonElement element, RecipeKey section, JsonObject into)
    {
        var seen = new HashSet<string>();
        foreach (var property in element.EnumerateObject())
        {
            var path = section.Path.Length == 0 ? property.Name : $"{section.Path}.{property.Name}";
            if (!seen.Add(property.Name))
            {
                _faults.Add($"{path} is given more than once; a key may stand only once.");
                continue;
            }

            var key = section.Keys.FirstOrDefault(candidate => candidate.Name == property.Name);
            if (key is null)
            {
                if (path != "$schema")
                {
                    _faults.Add($"{path} is not a key of a recipe{Suggestion(path)}");
                }
            }
            else if (!_overridden.Contains(path))
            {
                ReadValue(property.Value, key, into);
            }
        }
    }

    private void ReadValue(JsonElement value, RecipeKey key, JsonObject into)
    {
        if (!Check(value, key, origin: ""))
        {
            return;
        }

        if (value.ValueKind == JsonValueKind.Null)
        {
            into[key.Name] = null;
        }
        else if (key.Kind == RecipeValueKind.Section)
        {
            var inner = new JsonObject();
            ReadSection(value, key, inner);
            into[key.Name] = inner;
        }
        else
        {
            into[key.Name] = Resolved(key, JsonNode.Parse(value.GetRawText(), documentOptions: RecipeReader.WithComments)!, folder);
        }
    }

    private bool Check(JsonElement value, RecipeKey key, string origin)
    {
        if (value.ValueKind == JsonValueKind.Null ? key.IsNullable : key.Allows(value))
        {
            return true;
        }

        _faulty.Add(key.Path);
        _faults.Add($"{key.Path} is {Show(value)}{origin}; it must be {key.Expected}."
            + (key.ReasonAgainst(value) is { } reason ? $" {reason}." : ""));
        return false;
    }

    /// <summary>Reports required keys that are missing, and puts something in their place so that the rest can be checked.</summary>
    private void RequireMissing(RecipeKey section, JsonObject values)
    {
        foreach (var key in section.Keys.Where(key => key.IsRequired && values[key.Name] is null))
        {
            if (_faulty.Add(key.Path))
            {
                _faults.Add($"{key.Path} is missing; it must be {key.Expected}.");
            }

            values[key.Name] = key.Kind switch
            {
                RecipeValueKind.Section => new JsonObject(),
                RecipeValueKind.Number => 0,
                _ => "missing",
            };
        }

        foreach (var key in section.Keys.Where(key => key.Kind == RecipeValueKind.Section))
        {
            if (values[key.Name] is JsonObject inner)
            {
                RequireMissing(key, inner);
            }
        }
    }

    private static void ApplyPreset(JsonObject values)
    {
        if (values["training"] is not JsonObject training || (string?)training["preset"] != "scratch")
        {
            return;
        }

        var steps = (int?)training["max_steps"] ?? new TrainingSection().MaxSteps;
        training.TryAdd("learning_rate", JsonValue.Create(ScratchLearningRate));
        training.TryAdd("warmup_steps", JsonValue.Create(steps / ScratchWarmupDivisor));
    }

    /// <summary>A value with its paths made absolute; one path where several may stand is a list of one.</summary>
    /// <param name="key">The key.</param>
    /// <param name="value">Its value.</param>
    /// <param name="start">Where relative paths start; null leaves them as they are.</param>
    private static JsonNode Resolved(RecipeKey key, JsonNode value, string? start)
    {
        return (key.PathRule, value) switch
        {
            (null, JsonValue) when key.Kind == RecipeValueKind.TextList => new JsonArray(value),
            (null, _) => value,
            (_, JsonArray list) => new JsonArray([.. list.Select(item => One(item!))]),
            _ => key.Kind == RecipeValueKind.TextList ? new JsonArray(One(value)) : One(value),
        };

        JsonNode One(JsonNode path) => start is null ? path.DeepClone() : JsonValue.Create(Resolve(key, path.GetValue<string>(), start));
    }

    private static string Resolve(RecipeKey key, string value, string start)
    {
        // FILE#key.key names an array inside a file: only FILE is a path.
        var mark = key.PathRule!.Inside ? value.IndexOf('#') : -1;
        var (path, inside) = mark < 0 ? (value, "") : (value[..mark], value[mark..]);
        var full = Path.GetFullPath(path, start);
        return key.PathRule.OrName && !Directory.Exists(full) && !LooksLikePath(path) ? value : full + inside;

        static bool LooksLikePath(string text) => text is ['/' or '.' or '~', ..] || Path.IsPathRooted(text);
    }

    private static void Set(JsonObject values, string path, JsonNode? value)
    {
        var keys = path.Split('.');
        foreach (var key in keys[..^1])
        {
            values = values[key] as JsonObject ?? (JsonObject)(values[key] = new JsonObject());
        }

        values[keys[^1]] = value;
    }

    private static IEnumerable<RecipeKey> Sections(RecipeKey key) =>
        key.Keys.Where(inner => inner.Kind == RecipeValueKind.Section).SelectMany(inner => Sections(inner).Prepend(inner));

    /// <summary>The known key most like an unknown one: the same word in another section, else the fewest letters away.</summary>
    private static string Suggestion(string path)
    {
        var wanted = JsonNamingPolicy.SnakeCaseLower.ConvertName(path.Replace('-', '_')).Replace("._", ".", StringComparison.Ordinal);
        var word = wanted[(wanted.LastIndexOf('.') + 1)..];
        var nearest = RecipeKey.Root.Leaves.Concat(Sections(RecipeKey.Root))
            .Select(key => (key.Path, Distance: Math.Min(
                NearestName.Distance(wanted, key.Path),
                key.Name == word ? 1 : int.MaxValue)))
            .MinBy(candidate => candidate.Distance);
        return nearest.Distance <= Math.Max(2, wanted.Length / 4) ? $"; did you mean {nearest.Path}?" : ".";
    }

    private static string Show(JsonElement value)
    {
        var text = value.ValueKind switch
        {
            JsonValueKind.String => $"'{value.GetString()}'",
            JsonValueKind.Object => "a section",
            JsonValueKind.Array => $"the list {value.GetRawText()}",
            _ => value.GetRawText(),
        };
        text = text.ReplaceLineEndings(" ");
        return text.Length <= 80 ? text : $"{text[..77]}...";
    }
}
