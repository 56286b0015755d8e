using System.Globalization;
using System.Text.Json.Nodes;
using StepDistill.Files;

namespace StepDistill.Cli.Quickstart;

/// <summary>The quickstart's folder: a recipe and its rows, with which the ordinary verbs can do everything again.</summary>
internal sealed class QuickstartProject
{
    /// <summary>The recipe's name, and so that of its folder among the runs.</summary>
    public const string Name = "quickstart";

    private QuickstartProject(string folder) => Folder = folder;

    /// <summary>The folder.</summary>
    public string Folder { get; }

    /// <summary>The recipe.</summary>
    public string Recipe => Path.Combine(Folder, "quickstart.jsonc");

    /// <summary>Where annotations, runs and the report go.</summary>
    public string Runs => Path.Combine(Folder, "runs");

    /// <summary>Writes the files, or finds them as they were written before.</summary>
    /// <param name="folder">Where: empty, missing, or the folder of an earlier quickstart.</param>
    /// <param name="rows">The questions.</param>
    /// <param name="size">How much is to be done.</param>
    /// <exception cref="StepDistillException">The folder holds something else; nothing in it is changed.</exception>
    public static QuickstartProject Prepare(string folder, QuickstartRows rows, QuickstartSize size)
    {
        var project = new QuickstartProject(folder);
        (string Path, string Text)[] files =
        [
            (Path.Combine(folder, "data", "train.jsonl"), Lines(rows.Train)),
            (Path.Combine(folder, "data", "validation.jsonl"), Lines(rows.Validation)),
            (Path.Combine(folder, "data", "test.jsonl"), Lines(rows.Test)),
            (project.Recipe, RecipeText(size)),
        ];
        if (File.Exists(folder) || (Directory.Exists(folder) && Directory.EnumerateFileSystemEntries(folder).Any() && !File.Exists(project.Recipe)))
        {
            throw new StepDistillException(
                $"{folder} already holds something that is no quickstart, and nothing in it was changed. Give another folder: --out FOLDER");
        }

        foreach (var (path, text) in files)
        {
            if (!File.Exists(path))
            {
                AtomicFile.WriteText(path, text);
            }
            else if (File.ReadAllText(path) != text)
            {
                throw new StepDistillException(
                    $"{path} is not what this quickstart writes: it was changed, or written by another version. Nothing was "
                    + $"overwritten. Give another folder with --out, delete {folder} to start afresh, or work on with your own "
                    + $"changes: stepdistill compare {project.Recipe} --runs {project.Runs}");
            }
        }

        return project;
    }

    private static string Lines(IEnumerable<QuickstartRow> rows) => string.Concat(rows.Select(row =>
        new JsonObject { ["input"] = row.Input, ["label"] = row.Label }.ToJsonString() + "\n"));

    private static string RecipeText(QuickstartSize size)
    {
        using var stream = typeof(QuickstartProject).Assembly.GetManifestResourceStream("Quickstart/quickstart.jsonc")!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd()
            .Replace("TEACHER", SimulatedTeacher.ModelName, StringComparison.Ordinal)
            .Replace("LABELS", string.Join(", ", ThingsGame.Labels.Select(label => $"\"{label}\"")), StringComparison.Ordinal)
            .Replace("EVERY", Math.Max(1, size.Steps / 4).ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal)
            .Replace("STEPS", size.Steps.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal);
    }
}
