using StepDistill.Files;
using StepDistill.Recipes;

namespace StepDistill.Teachers.Prices;

/// <summary>What models' tokens cost, by provider and name. Immutable.</summary>
public sealed class PriceTable
{
    /// <summary>Stands in a table for every model of a provider that it does not name.</summary>
    public const string AnyModel = "*";

    /// <summary>Larger files are no price tables.</summary>
    private const int MaxBytes = 1 << 20;

    /// <summary>Where Ollama serves models for money; everywhere else they run on machines of one's own.</summary>
    private const string OllamaCloud = "ollama.com";

    private static readonly Lazy<PriceTable> Shipped = new(() =>
    {
        using var file = typeof(PriceTable).Assembly.GetManifestResourceStream("Prices/prices.json")!;
        using var bytes = new MemoryStream();
        file.CopyTo(bytes);
        return new(PriceTableReading.Read(bytes.ToArray(), "StepDistill's own price table"));
    });

    private readonly IReadOnlyDictionary<(string Provider, string Model), ModelPrice> _prices;

    private PriceTable(IReadOnlyDictionary<(string, string), ModelPrice> prices) => _prices = prices;

    /// <summary>The prices that come with this version: of well-known models, each with a month and the page to check it against.</summary>
    public static PriceTable Builtin => Shipped.Value;

    /// <summary>Every price with its provider and model.</summary>
    public IEnumerable<(string Provider, string Model, ModelPrice Price)> All =>
        _prices.Select(price => (price.Key.Provider, price.Key.Model, price.Value));

    /// <summary>Reads a table from a file: JSON, comments allowed, in the form of <c>prices.json</c> beside this class.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="StepDistillException">The file cannot be read, or it is no price table; all faults are listed.</exception>
    public static PriceTable Read(string path)
    {
        try
        {
            return new(PriceTableReading.Read(BoundedFile.ReadAllBytes(path, MaxBytes, "a price table"), path));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StepDistillException(
                $"The price table {path} cannot be read: {e.Message} teacher.prices must name a JSON file of prices, or be left out.", e);
        }
    }

    /// <summary>The price of the model that a recipe's teacher asks: its <c>price</c>, else that of its file <c>prices</c>, else the built-in one.</summary>
    /// <param name="section">The section <c>teacher</c>.</param>
    /// <returns>
    /// Null where nobody knows: the built-in prices hold for the providers' own servers, not for others that speak their
    /// protocol.
    /// </returns>
    /// <exception cref="StepDistillException">The file of prices cannot be used.</exception>
    public static ModelPrice? Of(TeacherSection section)
    {
        if (section.Price is { } own)
        {
            return new(own.Input, own.Output)
            {
                CachedInput = own.CachedInput,
                BatchShare = own.BatchShare,
                Source = "teacher.price of the recipe",
            };
        }

        var model = section.Model ?? "";
        return (section.Prices is { } path ? Read(path).Find(section.Provider, model) : null)
            ?? (IsProvidersOwn(section) ? Builtin.Find(section.Provider, model) : null);
    }

    /// <summary>Finds a model's price.</summary>
    /// <param name="provider">The provider, such as <c>openai</c>.</param>
    /// <param name="model">The model's name there; one with a date at its end also goes by the name without.</param>
    /// <returns>Null where the table does not name it.</returns>
    public ModelPrice? Find(string provider, string model) =>
        _prices.GetValueOrDefault((provider, model))
        ?? (Undated(model) is { } name ? _prices.GetValueOrDefault((provider, name)) : null)
        ?? _prices.GetValueOrDefault((provider, AnyModel));

    private static bool IsProvidersOwn(TeacherSection section)
    {
        var host = section.Endpoint is { } address && Uri.TryCreate(address, UriKind.Absolute, out var uri) ? uri.Host : null;
        return section.Provider switch
        {
            "ollama" => host is null || !IsAt(host, OllamaCloud),
            "openai" => host is null || IsAt(host, "openai.com"),
            "anthropic" => host is null || IsAt(host, "anthropic.com"),
            _ => true,      // Azure's servers are each customer's own
        };
    }

    private static bool IsAt(string host, string domain) =>
        host == domain || host.EndsWith($".{domain}", StringComparison.Ordinal);

    /// <summary>A name without the date at its end, as <c>-2024-08-06</c> or <c>-20250514</c>, or without <c>-latest</c>; null where it has none.</summary>
    private static string? Undated(string model)
    {
        const string Latest = "-latest";
        if (model.EndsWith(Latest, StringComparison.Ordinal))
        {
            return model[..^Latest.Length];
        }

        string[] forms = ["-dddd-dd-dd", "-dddddddd"];
        var form = Array.Find(forms, form => model.Length > form.Length
            && model[^form.Length..].Zip(form).All(pair => pair.Second == 'd' ? char.IsAsciiDigit(pair.First) : pair.First == pair.Second));
        return form is null ? null : model[..^form.Length];
    }
}
