using StepDistill.Runs;

namespace StepDistill.Evaluation.Comparisons;

/// <summary>Where a comparison comes from. It holds no time of day: the same runs give the same report.</summary>
/// <param name="Recipe">The recipe's name.</param>
/// <param name="Data">SHA-256 of the files it read, by name.</param>
/// <param name="Versions">Versions by name; see <see cref="RunManifest.CurrentVersions"/>.</param>
/// <param name="Command">The command that makes it again, or null.</param>
public sealed record ComparisonOrigin(
    string Recipe,
    IReadOnlyDictionary<string, string> Data,
    IReadOnlyDictionary<string, string> Versions,
    string? Command = null);
