using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace StepDistill.Runs;

/// <summary>How records of a run are written: snake_case, readable quotes and accents, nulls left out.</summary>
internal static class RunJson
{
    /// <summary>One value on one line, for logs.</summary>
    public static JsonSerializerOptions Line { get; } = Make(indented: false);

    /// <summary>One value on many lines, for files that people open.</summary>
    public static JsonSerializerOptions Page { get; } = Make(indented: true);

    private static JsonSerializerOptions Make(bool indented) => new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DictionaryKeyPolicy = null,         // names of metrics and data files are data, not ours to rewrite
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,      // these files are never put into a page of HTML
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower) },
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,    // a loss may be "NaN", and is told
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
        WriteIndented = indented,
        NewLine = "\n",
    };
}
