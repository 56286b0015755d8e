using StepDistill.Files;

namespace StepDistill.Cli.NewProject;

/// <summary>A new project's folder: a commented recipe, a few sample rows of our own, and a page that says what to do next.</summary>
internal static class ProjectFolder
{
    private static readonly (string Resource, string File)[] Content =
    [
        ("train.jsonl", "data/train.jsonl"),
        ("validation.jsonl", "data/validation.jsonl"),
        ("test.jsonl", "data/test.jsonl"),
        ("README.md", "README.md"),
        ("recipe.jsonc", "recipe.jsonc"),
    ];

    /// <summary>Makes the folder.</summary>
    /// <param name="folder">Where; its last part names the project. It must not exist or be empty.</param>
    /// <returns>The files, relative to the folder.</returns>
    /// <exception cref="StepDistillException">The folder holds something, or its name cannot name a recipe.</exception>
    public static IReadOnlyList<string> Create(string folder)
    {
        var full = Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder));
        if (File.Exists(full) || (Directory.Exists(full) && Directory.EnumerateFileSystemEntries(full).Any()))
        {
            throw new StepDistillException(
                $"{full} already holds something, and nothing in it was changed. Give a folder that is empty or does not exist.");
        }

        var name = string.Concat(Path.GetFileName(full).ToLowerInvariant().Select(
            letter => char.IsAsciiLetterOrDigit(letter) || letter is '-' or '_' ? letter : '-')).Trim('-');
        name = name.Length is > 0 and <= 80 ? name : "messages";
        foreach (var (resource, file) in Content)
        {
            AtomicFile.WriteText(
                Path.Combine(full, file), Read(resource).Replace("PROJECT", name, StringComparison.Ordinal));
        }

        AtomicFile.WriteText(Path.Combine(full, ".gitignore"), "runs/\n");
        return [.. Content.Select(content => content.File), ".gitignore"];
    }

    private static string Read(string resource)
    {
        using var stream = typeof(ProjectFolder).Assembly.GetManifestResourceStream($"NewProject/{resource}")!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
