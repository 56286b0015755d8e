namespace StepDistill.Hub;

/// <summary>Which files of a hub's folder a student needs. Nothing else is downloaded.</summary>
internal static class HubFiles
{
    /// <summary>Without these it is no student.</summary>
    public static IReadOnlyList<string> Required { get; } = ["config.json"];

    /// <summary>What is taken if it is there.</summary>
    public static IReadOnlyList<string> Optional { get; } =
    [
        "generation_config.json", "spiece.model", "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json",
        "stepdistill.json",
    ];

    /// <summary>The weights: the first of these that is there.</summary>
    public static IReadOnlyList<string> Weights { get; } =
        ["model.safetensors", "model.safetensors.index.json", "pytorch_model.bin", "pytorch_model.bin.index.json"];

    /// <summary>Whether a file of weights only names the files that hold them.</summary>
    public static bool IsIndex(string file) => file.EndsWith(".index.json", StringComparison.Ordinal);

    /// <summary>Whether a text from outside can be a file's name without leading anywhere else.</summary>
    public static bool IsPlain(string text) =>
        text.Length is > 0 and <= 200 && text[0] != '.' && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.');
}
