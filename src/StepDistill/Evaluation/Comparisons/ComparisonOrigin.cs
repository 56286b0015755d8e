using StepDistill.Runs;

namespace StepDistill.Evaluation.Comparisons;

/// <summary>Where a comparison comes from.</summary>
/// <param name="Recipe">The recipe's name.</param>
/// <param name="At">When it was finished.</param>
/// <param name="Data">SHA-256 of the files it read, by name.</param>
/// <param name="Versions">Versions by name; see <see cref="RunManifest.CurrentVersions"/>.</param>
/// <param name="Command">The command that makes it again, or null.</param>
public sealed record ComparisonOrigin(
    string Recipe,
    DateTimeOffset At,
    IReadOnlyDictionary<string, string> Data,
    IReadOnlyDictionary<string, string> Versions,
    string? Command = null);
