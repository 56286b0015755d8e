using System.Text.RegularExpressions;

namespace StepDistill.Architecture.Tests;

/// <summary>What the documents say is so.</summary>
public sealed partial class DocumentationTests
{
    [Theory]
    [InlineData("README.md")]
    [InlineData("README.zh-CN.md")]
    public void The_file_tree_is_the_real_one(string page)
    {
        var described = new List<string>();
        foreach (var line in Text(page).Split('\n'))
        {
            if (Project().Match(line) is { Success: true } project)
            {
                described.Add(project.Groups[1].Value);
            }
            else if (Folder().Match(line) is { Success: true } folder && described.Count > 0)
            {
                described.Add(described.Last(path => path.Count(c => c == '/') == 1) + "/" + folder.Groups[1].Value);
            }
        }

        var real = (
            from source in Repository.Sources("src")
            let parts = source.Split('/')
            from path in parts.Length > 3 ? new[] { $"{parts[0]}/{parts[1]}", $"{parts[0]}/{parts[1]}/{parts[2]}" } : [$"{parts[0]}/{parts[1]}"]
            select path).Distinct().Order(StringComparer.Ordinal);
        Assert.Equal(real, described.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Both_readmes_show_the_same_commands() => Assert.Equal(Commands("README.md"), Commands("README.zh-CN.md"));

    [Fact]
    public void The_first_screen_says_how_to_see_it_work()
    {
        var first = string.Join('\n', Text("README.md").Split('\n').Take(25));

        Assert.Contains("dotnet run --project src/StepDistill.Cli -c Release -- quickstart", first, StringComparison.Ordinal);
        Assert.Contains("dotnet test -c Release", first, StringComparison.Ordinal);
    }

    [Fact]
    public void Continuous_integration_runs_the_readmes_test_command() =>
        Assert.Contains("\ndotnet test -c Release 2>&1", Text(".ci/run"), StringComparison.Ordinal);

    [Fact]
    public void Links_between_pages_lead_somewhere()
    {
        var pages = Directory.EnumerateFiles(Repository.Root, "*.md")
            .Concat(Directory.EnumerateFiles(Path.Combine(Repository.Root, "docs"), "*.md", SearchOption.AllDirectories))
            .ToList();

        Assert.True(pages.Count > 5);
        Assert.Empty(
            from page in pages
            from Match link in Link().Matches(File.ReadAllText(page))
            let target = link.Groups[1].Value.Split('#')[0]
            where target.Length > 0 && !target.Contains("://", StringComparison.Ordinal)
            where !Path.Exists(Path.Combine(Path.GetDirectoryName(page)!, target))
            select $"{Path.GetRelativePath(Repository.Root, page)} links to {target}");
    }

    [Fact]
    public void Files_that_the_architecture_names_exist()
    {
        var files = Repository.Sources("src").Concat(Repository.Sources("tests")).ToList();
        var named = FileName().Matches(Text("ARCHITECTURE.md")).Select(match => match.Groups[1].Value).ToList();

        Assert.True(named.Count > 10);
        Assert.All(named, name => Assert.Contains(files, file => $"/{file}".EndsWith($"/{name}", StringComparison.Ordinal)));
    }

    private static IEnumerable<string> Commands(string page) =>
        from line in Text(page).Split('\n')
        where line.StartsWith("stepdistill ", StringComparison.Ordinal) || line.StartsWith("dotnet ", StringComparison.Ordinal)
        select line.Split("  ")[0];

    private static string Text(string file) => File.ReadAllText(Path.Combine(Repository.Root, file));

    [GeneratedRegex(@"^(src/[\w.]+)/\s")]
    private static partial Regex Project();

    [GeneratedRegex(@"^  (\w+)/\s")]
    private static partial Regex Folder();

    [GeneratedRegex(@"\]\(([^)\s]+)\)")]
    private static partial Regex Link();

    [GeneratedRegex(@"(?<![\w*/.])([\w/.]*\w+\.cs)`")]
    private static partial Regex FileName();
}
