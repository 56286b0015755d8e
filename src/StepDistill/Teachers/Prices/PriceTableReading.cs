using System.Text.Json;

namespace StepDistill.Teachers.Prices;

/// <summary>One reading of one price table: gathers everything that is wrong with it.</summary>
internal sealed class PriceTableReading
{
    private static readonly JsonDocumentOptions WithComments = new()
    {
        CommentHandling = JsonCommentHandling.Skip,
        AllowTrailingCommas = true,
        AllowDuplicateProperties = true,     // reported with the others
    };

    private readonly string _source;
    private readonly List<string> _faults = [];
    private readonly Dictionary<(string, string), ModelPrice> _prices = [];

    private PriceTableReading(string source) => _source = source;

    /// <summary>Reads a table.</summary>
    /// <param name="json">The file, UTF-8.</param>
    /// <param name="source">What to call it in messages and in <see cref="ModelPrice.Source"/>.</param>
    /// <exception cref="StepDistillException">It is no price table; all faults are listed.</exception>
    public static IReadOnlyDictionary<(string Provider, string Model), ModelPrice> Read(byte[] json, string source)
    {
        var reading = new PriceTableReading(source);
        try
        {
            ReadOnlySpan<byte> mark = [0xEF, 0xBB, 0xBF];
            using var document = JsonDocument.Parse(
                json.AsSpan().StartsWith(mark) ? json.AsMemory(mark.Length) : json, WithComments);
            reading.ReadRoot(document.RootElement);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or ArgumentException)   // the last two: text that is not Unicode
        {
            reading._faults.Add($"It is not JSON: {e.Message}");
        }

        return reading._faults.Count == 0 ? reading._prices : throw new StepDistillException(string.Join(
            $"{Environment.NewLine}  - ", [$"The price table {source} cannot be used:", .. reading._faults]));
    }

    private void ReadRoot(JsonElement root)
    {
        var providers = default(JsonElement);
        foreach (var (name, value) in Properties(root, "it"))
        {
            if (name == "providers")
            {
                providers = value;
            }
            else
            {
                _faults.Add($"{name} is not a key of a price table; its one key is providers.");
            }
        }

        if (providers.ValueKind == JsonValueKind.Undefined)
        {
            _faults.Add("providers is missing; it must hold a section for each provider, such as openai.");
            return;
        }

        var alike = new List<(string Provider, string Other)>();
        foreach (var (name, value) in Properties(providers, "providers"))
        {
            ReadProvider(name, value, alike);
        }

        foreach (var (provider, other) in alike)
        {
            var theirs = _prices.Where(price => price.Key.Item1 == other).ToList();
            if (theirs.Count == 0)
            {
                _faults.Add($"providers.{provider}.like is '{other}'; it must name a provider of this table that has models.");
            }

            theirs.ForEach(price => _prices.TryAdd((provider, price.Key.Item2), price.Value));     // their own come first
        }
    }

    private void ReadProvider(string provider, JsonElement section, List<(string Provider, string Other)> alike)
    {
        var path = $"providers.{provider}";
        string? page = null, date = null;
        var models = new List<(string Name, JsonElement Value)>();
        foreach (var (name, value) in Properties(section, path))
        {
            switch (name)
            {
                case "source":
                    page = Text(value, $"{path}.source", "the address of the page that says so");
                    break;
                case "date":
                    date = Text(value, $"{path}.date", "when the page said so, such as \"2026-06\"");
                    break;
                case "like" when Text(value, $"{path}.like", "the name of another provider") is { } other:
                    alike.Add((provider, other));
                    break;
                case "like":
                    break;
                case "models":
                    models.AddRange(Properties(value, $"{path}.models"));
                    break;
                default:
                    _faults.Add($"{path}.{name} is not a key of a provider; those are models, source, date and like.");
                    break;
            }
        }

        var source = string.Join(", ", new[] { _source, date, page }.OfType<string>());
        foreach (var (name, value) in models)
        {
            if (ReadPrice(value, $"{path}.models.{name}") is { } price)
            {
                _prices[(provider, name)] = price with { Source = source };
            }
        }
    }

    private ModelPrice? ReadPrice(JsonElement section, string path)
    {
        var before = _faults.Count;
        decimal? input = null, output = null, cached = null, share = null;
        foreach (var (name, value) in Properties(section, path))
        {
            switch (name)
            {
                case "input":
                    input = Dollars(value, $"{path}.input");
                    break;
                case "output":
                    output = Dollars(value, $"{path}.output");
                    break;
                case "cached_input":
                    cached = Dollars(value, $"{path}.cached_input");
                    break;
                case "batch_share":
                    share = Number(value, $"{path}.batch_share", 1, ModelPrice.ShareDecimals, "a share");
                    break;
                default:
                    _faults.Add($"{path}.{name} is not a key of a price; those are input, output, cached_input and batch_share.");
                    break;
            }
        }

        if (_faults.Count > before)
        {
            return null;
        }

        foreach (var (name, value) in new[] { ("input", input), ("output", output) })
        {
            if (value is null)
            {
                _faults.Add($"{path}.{name} is missing; it must be a number of dollars for a million tokens.");
            }
        }

        return input is null || output is null ? null : new(input.Value, output.Value)
        {
            CachedInput = cached,
            BatchShare = share ?? new ModelPrice(0, 0).BatchShare,
        };
    }

    private decimal? Dollars(JsonElement value, string path) =>
        Number(value, path, ModelPrice.Most, ModelPrice.Decimals, "a number of dollars for a million tokens,");

    private decimal? Number(JsonElement value, string path, decimal most, int decimals, string what)
    {
        // A number too small for a decimal comes out as zero.
        if (value.ValueKind == JsonValueKind.Number && value.TryGetDecimal(out var number)
            && number >= 0 && number <= most && decimal.Round(number, decimals) == number && (number != 0 || value.GetDouble() == 0))
        {
            return number;
        }

        _faults.Add(FormattableString.Invariant(
            $"{path} is {Shown(value)}; it must be {what} from 0 to {most:0}, with at most {decimals} decimals."));
        return null;
    }

    private string? Text(JsonElement value, string path, string what)
    {
        if (value.ValueKind == JsonValueKind.String && !string.IsNullOrWhiteSpace(value.GetString()))
        {
            return value.GetString();
        }

        _faults.Add($"{path} is {Shown(value)}; it must be {what}.");
        return null;
    }

    /// <summary>The properties of an object, each name once.</summary>
    private IEnumerable<(string Name, JsonElement Value)> Properties(JsonElement value, string path)
    {
        if (value.ValueKind != JsonValueKind.Object)
        {
            _faults.Add($"{path} is {Shown(value)}; it must be an object in braces.");
            yield break;
        }

        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var property in value.EnumerateObject())
        {
            if (seen.Add(property.Name))
            {
                yield return (property.Name, property.Value);
            }
            else
            {
                _faults.Add($"{path} holds {property.Name} more than once; a key may stand only once.");
            }
        }
    }

    private static string Shown(JsonElement value)
    {
        var text = value.GetRawText();
        return text.Length <= 40 ? text : text[..40] + "…";
    }
}
