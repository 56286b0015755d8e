using System.Xml.Linq;

namespace StepDistill.Architecture.Tests;

/// <summary>The arrows between projects. A new one is a decision: make it here and in ARCHITECTURE.md.</summary>
public sealed class DependencyTests
{
    /// <summary>The same library with one libtorch, another, or none: a build takes one of them, by <c>TorchBackend</c>.</summary>
    private static readonly string[] TorchPackages = ["TorchSharp", "TorchSharp-cpu", "TorchSharp-cuda-linux", "TorchSharp-cuda-windows"];

    private static readonly Dictionary<string, string[]> Allowed = new()
    {
        ["StepDistill"] =
        [
            "MathNet.Numerics", "Microsoft.Data.Sqlite", "Microsoft.Extensions.AI.Abstractions", "Parquet.Net", "Sylvan.Data.Csv",
        ],
        ["StepDistill.Training"] = ["StepDistill", .. TorchPackages],
        ["StepDistill.Reports"] = ["ScottPlot", "StepDistill"],
        ["StepDistill.Export"] = ["StepDistill"],
        ["StepDistill.Inference"] =
        [
            "Microsoft.Extensions.Diagnostics.HealthChecks", "Microsoft.Extensions.Hosting.Abstractions", "Microsoft.Extensions.Options",
            "Microsoft.ML.OnnxRuntime", "StepDistill", "System.Numerics.Tensors",
        ],
        ["StepDistill.Serving"] = ["Microsoft.AspNetCore.OpenApi", "StepDistill", "StepDistill.Inference"],
        ["StepDistill.Cli"] =
        [
            "Anthropic", "Microsoft.Extensions.AI", "Microsoft.Extensions.AI.OpenAI", "Microsoft.Extensions.Configuration.UserSecrets",
            "OllamaSharp", "Spectre.Console", "StepDistill", "StepDistill.Export", "StepDistill.Inference",
            "StepDistill.Reports", "StepDistill.Serving", "StepDistill.Training", "System.CommandLine",
        ],
    };

    /// <summary>Packages that a project's packages may bring along, and what its own sources must not use all the same.</summary>
    private static readonly Dictionary<string, string[]> Forbidden = new()
    {
        ["StepDistill"] = ["TorchSharp", "ScottPlot", "SkiaSharp", "Spectre", "System.CommandLine", "OpenAI", "OllamaSharp", "Anthropic", "Microsoft.ML.OnnxRuntime"],
        ["StepDistill.Training"] = ["Spectre", "System.CommandLine", "OpenAI", "OllamaSharp", "Anthropic", "Microsoft.ML.OnnxRuntime"],
        ["StepDistill.Reports"] = ["TorchSharp", "Spectre", "System.CommandLine", "OpenAI", "OllamaSharp", "Anthropic"],
        ["StepDistill.Export"] = ["TorchSharp", "Spectre", "System.CommandLine", "OpenAI", "OllamaSharp", "Anthropic", "Microsoft.ML.OnnxRuntime"],
        ["StepDistill.Inference"] = ["TorchSharp", "Spectre", "System.CommandLine", "OpenAI", "OllamaSharp", "Anthropic"],
        ["StepDistill.Serving"] = ["TorchSharp", "Spectre", "System.CommandLine", "OpenAI", "OllamaSharp", "Anthropic", "Microsoft.ML.OnnxRuntime"],
        ["StepDistill.Cli"] = ["TorchSharp", "ScottPlot", "SkiaSharp", "Microsoft.ML.OnnxRuntime"],
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

    [Fact]
    public void A_build_takes_one_of_the_packages_of_libtorch()
    {
        var project = XDocument.Load(Path.Combine(Repository.Root, "src", "StepDistill.Training", "StepDistill.Training.csproj"));
        var references = project.Descendants("PackageReference")
            .Where(reference => TorchPackages.Contains((string?)reference.Attribute("Include")))
            .ToList();
        var branches = Assert.Single(project.Descendants("Choose")).Elements().ToList();

        Assert.Equal(TorchPackages, references.Select(reference => (string?)reference.Attribute("Include")).Order(StringComparer.Ordinal));
        Assert.Equal(branches, references.Select(reference => reference.Ancestors().First(branches.Contains)).ToList());
        Assert.Single(branches, branch => branch.Name == "Otherwise");
    }

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
