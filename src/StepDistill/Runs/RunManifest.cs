using System.Reflection;
using System.Runtime.InteropServices;
using StepDistill.Recipes;

namespace StepDistill.Runs;

/// <summary>
/// What a finished run was and gave: <c>run.json</c>, written last, so that its presence means "complete".
/// </summary>
public sealed record RunManifest
{
    /// <summary>Version of this file's form.</summary>
    public int Format { get; init; } = 1;

    /// <summary>The hash of the run's <see cref="RunIdentity"/>.</summary>
    public required string Identity { get; init; }

    /// <summary>The recipe with every preset and override resolved.</summary>
    public required Recipe Recipe { get; init; }

    /// <summary>SHA-256 of the files that the run read, by name.</summary>
    public required IReadOnlyDictionary<string, string> Data { get; init; }

    /// <summary>Versions by name; see <see cref="CurrentVersions"/>.</summary>
    public required IReadOnlyDictionary<string, string> Versions { get; init; }

    /// <summary>When the run began for the first time.</summary>
    public required DateTimeOffset StartedAt { get; init; }

    /// <summary>When it was finished.</summary>
    public required DateTimeOffset FinishedAt { get; init; }

    /// <summary>Seconds spent training, over all resumptions.</summary>
    public required double Seconds { get; init; }

    /// <summary>Updates of the weights that were done.</summary>
    public required int Steps { get; init; }

    /// <summary>The step whose weights were kept.</summary>
    public required int BestStep { get; init; }

    /// <summary>That step's score on the validation rows.</summary>
    public required double BestScore { get; init; }

    /// <summary>Further numbers by name, such as <c>validation.accuracy</c>.</summary>
    public IReadOnlyDictionary<string, double> Scores { get; init; } = new Dictionary<string, double>();

    /// <summary>
    /// The versions of StepDistill, .NET and the operating system; the caller adds those of what it loads.
    /// </summary>
    public static IReadOnlyDictionary<string, string> CurrentVersions() => new SortedDictionary<string, string>
    {
        ["stepdistill"] = typeof(RunManifest).Assembly
            .GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion,
        ["dotnet"] = RuntimeInformation.FrameworkDescription,
        ["os"] = $"{RuntimeInformation.OSDescription} {RuntimeInformation.OSArchitecture}",
    };
}
