using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace StepDistill.Recipes;

/// <summary>What a recipe's key holds.</summary>
internal enum RecipeValueKind
{
    Section,
    Text,
    TextList,
    RedactionList,
    Number,
    WholeNumber,
    Flag,
}

/// <summary>One key of a recipe, as its type declares it: what it is called, what it may hold, and what lies below it.</summary>
/// <remarks>Reader, overrides and schema all work on this tree, so a new property of a section is all that a new key takes.</remarks>
internal sealed class RecipeKey
{
    private readonly AllowedValuesAttribute? _allowed;
    private readonly RangeAttribute? _range;
    private readonly RegularExpressionAttribute? _pattern;
    private readonly RefusedValuesAttribute? _refused;

    private RecipeKey(string path, Type type, PropertyInfo? property)
    {
        var valueType = Nullable.GetUnderlyingType(type) ?? type;
        Path = path;
        Name = path[(path.LastIndexOf('.') + 1)..];
        Property = property;
        Kind = KindOf(valueType);
        IsNullable = property is not null
            && new NullabilityInfoContext().Create(property).WriteState == NullabilityState.Nullable;
        IsRequired = property?.GetCustomAttribute<System.Runtime.CompilerServices.RequiredMemberAttribute>() is not null;
        PathRule = property?.GetCustomAttribute<RecipePathAttribute>();
        _allowed = property?.GetCustomAttribute<AllowedValuesAttribute>();
        _range = property?.GetCustomAttribute<RangeAttribute>();
        _pattern = property?.GetCustomAttribute<RegularExpressionAttribute>();
        _refused = property?.GetCustomAttribute<RefusedValuesAttribute>();
        Keys = Kind != RecipeValueKind.Section
            ? []
            : [.. from inner in valueType.GetProperties(BindingFlags.Public | BindingFlags.Instance)
                  where inner.CanWrite
                  let name = JsonNamingPolicy.SnakeCaseLower.ConvertName(inner.Name)
                  select new RecipeKey(path.Length == 0 ? name : $"{path}.{name}", inner.PropertyType, inner)];
    }

    /// <summary>The whole recipe.</summary>
    public static RecipeKey Root { get; } = new("", typeof(Recipe), property: null);

    /// <summary>The key with its sections, such as <c>training.max_steps</c>; empty for the recipe itself.</summary>
    public string Path { get; }

    /// <summary>The last part of <see cref="Path"/>.</summary>
    public string Name { get; }

    /// <summary>The property behind the key; null for the recipe itself.</summary>
    public PropertyInfo? Property { get; }

    public RecipeValueKind Kind { get; }

    public bool IsNullable { get; }

    public bool IsRequired { get; }

    /// <summary>How a path is resolved; null where the value is no path.</summary>
    public RecipePathAttribute? PathRule { get; }

    /// <summary>Whether a list may also be written as its only item.</summary>
    public bool AllowsOne => PathRule is not null || Property?.GetCustomAttribute<OneOrSeveralAttribute>() is not null;

    /// <summary>The keys below a section.</summary>
    public IReadOnlyList<RecipeKey> Keys { get; }

    /// <summary>Every key of the tree that is not a section.</summary>
    public IEnumerable<RecipeKey> Leaves => Kind == RecipeValueKind.Section ? Keys.SelectMany(key => key.Leaves) : [this];

    /// <summary>The only values allowed; empty where the key is not a choice.</summary>
    public IReadOnlyList<string> Choices => _allowed is null ? [] : [.. _allowed.Values.OfType<string>()];

    public RangeAttribute? Range => _range;

    public string? Pattern => _pattern?.Pattern;

    /// <summary>What the key may hold, to follow "it must be".</summary>
    public string Expected => Kind switch
    {
        RecipeValueKind.Section => "a section in braces",
        RecipeValueKind.TextList when Choices.Count > 0 && AllowsOne => $"one of {string.Join(", ", Choices.SkipLast(1))} and {Choices[^1]}, or a list of some of them",
        RecipeValueKind.TextList when Choices.Count > 0 => $"a list of {string.Join(", ", Choices.SkipLast(1))} and {Choices[^1]}, or of some of them",
        RecipeValueKind.TextList => PathRule is null ? "a list of texts" : "a path or a list of paths",
        RecipeValueKind.RedactionList => "a list of built-in names and of objects with 'pattern' and 'replacement'",
        RecipeValueKind.Flag => "true or false",
        RecipeValueKind.WholeNumber => "a whole number" + RangeText(),
        RecipeValueKind.Number => "a number" + RangeText(),
        _ when Choices.Count > 0 => $"{string.Join(", ", Choices.SkipLast(1))} or {Choices[^1]}",
        _ when Path == "name" => "1 to 80 letters, digits, '-', '_' or '.', not beginning with '.', for it names folders",
        _ when PathRule is not null => "a path",
        _ when _pattern?.ErrorMessage is { } words => words,
        _ => "text",
    };

    /// <summary>Whether a value other than null may stand under this key, by itself.</summary>
    public bool Allows(JsonElement value) => Kind switch
    {
        RecipeValueKind.Section => value.ValueKind == JsonValueKind.Object,
        RecipeValueKind.RedactionList => value.ValueKind == JsonValueKind.Array && value.EnumerateArray().All(RedactionSetting.Allows),
        RecipeValueKind.TextList => AllowsOne && value.ValueKind == JsonValueKind.String
            ? AllowsText(value.GetString()!)
            : value.ValueKind == JsonValueKind.Array
                && value.EnumerateArray().All(item => item.ValueKind == JsonValueKind.String && AllowsText(item.GetString()!)),
        RecipeValueKind.Flag => value.ValueKind is JsonValueKind.True or JsonValueKind.False,
        RecipeValueKind.WholeNumber => value.ValueKind == JsonValueKind.Number
            && value.TryGetInt32(out var number) && _range?.IsValid(number) != false,
        RecipeValueKind.Number => value.ValueKind == JsonValueKind.Number
            && double.IsFinite(value.GetDouble()) && _range?.IsValid(value.GetDouble()) != false,
        _ => value.ValueKind == JsonValueKind.String && AllowsText(value.GetString()!),
    };

    /// <summary>Why a value is refused that one might well write here, as a sentence without its full stop; null where there is no such reason.</summary>
    public string? ReasonAgainst(JsonElement value) =>
        value.ValueKind == JsonValueKind.String && _refused?.Values.Contains(value.GetString()!, StringComparer.OrdinalIgnoreCase) == true
            ? _refused.Because
            : null;

    /// <summary>Reads the value of an override: JSON where the key wants numbers, the bare text where it wants text.</summary>
    /// <returns>Null where the text is no value of this key's kind at all.</returns>
    public JsonNode? ParseOverride(string text)
    {
        if (Kind == RecipeValueKind.Text && text is not ['"', .., '"'])
        {
            return JsonValue.Create(text);
        }

        if (Kind is RecipeValueKind.TextList or RecipeValueKind.RedactionList && text is not ['[', ..])
        {
            return new JsonArray([.. text.Split(',').Select(item => (JsonNode)JsonValue.Create(item.Trim()))]);
        }

        try
        {
            return JsonNode.Parse(text);
        }
        catch (JsonException)
        {
            return JsonValue.Create(text);      // of the wrong kind, and reported as such
        }
    }

    private bool AllowsText(string text) =>
        (Choices.Count == 0 || Choices.Contains(text))
        && (PathRule is null || !string.IsNullOrWhiteSpace(text) && !text.Contains('\0'))
        && (Pattern is null || Regex.IsMatch(text, $@"\A(?:{Pattern})\z", RegexOptions.None, TimeSpan.FromSeconds(1)));

    private string RangeText()
    {
        if (_range is null)
        {
            return "";
        }

        var (low, high) = (Number(_range.Minimum), Number(_range.Maximum));
        return (_range.MinimumIsExclusive, _range.MaximumIsExclusive) switch
        {
            _ when _range.Maximum is int.MaxValue or double.PositiveInfinity => $" of at least {low}",
            (true, true) => $" above {low} and below {high}",
            (true, false) => $" above {low} and at most {high}",
            (false, true) => $" of at least {low} and below {high}",
            _ => $" from {low} to {high}",
        };

        static string Number(object value) => ((IFormattable)value).ToString(
            value is int ? "N0" : "R", CultureInfo.InvariantCulture);
    }

    private static RecipeValueKind KindOf(Type type) =>
        type == typeof(string) ? RecipeValueKind.Text
        : type == typeof(int) ? RecipeValueKind.WholeNumber
        : type == typeof(double) || type == typeof(decimal) ? RecipeValueKind.Number
        : type == typeof(bool) ? RecipeValueKind.Flag
        : type == typeof(IReadOnlyList<string>) ? RecipeValueKind.TextList
        : type == typeof(IReadOnlyList<RedactionSetting>) ? RecipeValueKind.RedactionList
        : type.Namespace == typeof(Recipe).Namespace ? RecipeValueKind.Section
        : throw new NotSupportedException($"A recipe cannot hold a {type}.");
}
