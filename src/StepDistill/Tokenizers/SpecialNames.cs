using System.Globalization;

namespace StepDistill.Tokenizers;

/// <summary>How a tokenizer's marks are written, and how many sentinels it has.</summary>
internal sealed record SpecialNames
{
    public string Pad { get; init; } = "<pad>";

    public string End { get; init; } = "</s>";

    public string Unknown { get; init; } = "<unk>";

    /// <summary>How many <c>&lt;extra_id_N&gt;</c> there are beyond the model's pieces.</summary>
    public int Sentinels { get; init; } = 100;

    /// <summary>Marks that are neither of the above.</summary>
    public IReadOnlyList<string> Others { get; init; } = [];

    public static string Sentinel(int number) => string.Create(CultureInfo.InvariantCulture, $"<extra_id_{number}>");

    public static bool IsSentinel(string name) =>
        name.StartsWith("<extra_id_", StringComparison.Ordinal) && name.EndsWith('>')
        && name.AsSpan(10, name.Length - 11) is { Length: > 0 and <= 6 } digits
        && !digits.ContainsAnyExceptInRange('0', '9');
}
