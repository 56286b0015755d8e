namespace StepDistill.Serving.Chat;

/// <summary>How the content of a reply is written.</summary>
/// <param name="Fields">Fields of a JSON object; null for the label as text.</param>
internal sealed record ContentForm(IReadOnlyList<string>? Fields)
{
    /// <summary>All that a JSON reply can hold, in the order in which it is written.</summary>
    public static readonly IReadOnlyList<string> Known = ["label", "confidence", "probabilities", "rationale"];

    /// <summary>The label alone.</summary>
    public static ContentForm Text { get; } = new((IReadOnlyList<string>?)null);

    /// <summary>Whether it holds reasons.</summary>
    public bool HoldsRationale => Fields?.Contains("rationale") == true;
}
