using System.Xml.Linq;

namespace StepDistill.Architecture.Tests;

/// <summary>The arrows between projects. A new one is a decision: make it here and in ARCHITECTURE.md.</summary>
public sealed class DependencyTests
{
    private static readonly Dictionary<string, string[]> Allowed = new()
    {
        ["StepDistill"] =
        [
            "Microsoft.Data.Sqlite", "Microsoft.Extensions.AI.Abstractions", "Parquet.Net", "Sylvan.Data.Csv",
        ],
        ["StepDistill.Training"] = ["StepDistill", "TorchSharp-cpu"],
        ["StepDistill.Cli"] =
        [
            "Microsoft.Extensions.AI", "Microsoft.Extensions.AI.OpenAI", "OllamaSharp", "Spectre.Console",
            "StepDistill", "StepDistill.Training", "System.CommandLine",
        ],
    };

    /// <summary>Packages that a project's packages may bring along, and what its own sources must not use all the same.</summary>
    private static readonly Dictionary<string, string[]> Forbidden = new()
    {
        ["StepDistill"] = ["TorchSharp", "Spectre", "System.CommandLine", "OpenAI", "OllamaSharp", "Microsoft.ML.OnnxRuntime"],
        ["StepDistill.Training"] = ["Spectre", "System.CommandLine", "OpenAI", "OllamaSharp", "Microsoft.ML.OnnxRuntime"],
        ["StepDistill.Cli"] = ["TorchSharp", "Microsoft.ML.OnnxRuntime"],
    };

    [Fact]
    public void Every_project_refers_to_exactly_what_the_table_allows()
    {
        var actual = Directory
            .EnumerateFiles(Path.Combine(Repository.Root, "src"), "*.csproj", SearchOption.AllDirectories)
            .ToDictionary(path => Path.GetFileNameWithoutExtension(path), References);

        Assert.Equal(Describe(Allowed), Describe(actual));
    }

    [Fact]
    public void No_source_uses_what_its_project_must_not_know() => Assert.Empty(
        from source in Repository.Sources("src")
        from line in Repository.Lines(source)
        from word in Forbidden[source.Split('/')[1]]
        where line.Code.StartsWith($"using {word}", StringComparison.Ordinal)
            || line.Code.StartsWith($"using static {word}", StringComparison.Ordinal)
        select $"{source}:{line.Number} uses {word}");

    [Fact]
    public void Every_package_has_its_version_in_one_place() => Assert.Empty(
        from project in Directory.EnumerateFiles(Repository.Root, "*.csproj", SearchOption.AllDirectories)
        where !project.Contains($"{Path.DirectorySeparatorChar}artifacts{Path.DirectorySeparatorChar}", StringComparison.Ordinal)
        from reference in XDocument.Load(project).Descendants("PackageReference")
        where reference.Attribute("Version") is not null || reference.Attribute("VersionOverride") is not null
        select $"{project} gives {reference.Attribute("Include")?.Value} a version of its own");

    private static string[] References(string project) =>
    [
        .. from element in XDocument.Load(project).Descendants()
           where element.Name.LocalName is "ProjectReference" or "PackageReference"
           let name = Path.GetFileName(((string)element.Attribute("Include")!).Replace('\\', '/'))
           select name.Replace(".csproj", "", StringComparison.Ordinal),
    ];

    private static string Describe(IEnumerable<KeyValuePair<string, string[]>> graph) => string.Join(
        Environment.NewLine,
        graph.OrderBy(p => p.Key, StringComparer.Ordinal)
            .Select(p => $"{p.Key} -> {string.Join(", ", p.Value.Order(StringComparer.Ordinal))}"));
}
