using StepDistill.Recipes;
using StepDistill.Runs;

namespace StepDistill.Cli.Verbs;

/// <summary>Understands paths that may name a run's folder, a student's folder or a recipe.</summary>
internal static class RunFolderWords
{
    /// <summary>The run that a folder holds; null where the path is no folder, as that of a recipe.</summary>
    /// <exception cref="StepDistillException">It is a folder, but not of a run.</exception>
    public static RunFolder? RunAt(string path)
    {
        if (!Directory.Exists(path))
        {
            return null;
        }

        var run = new RunFolder(path);
        return File.Exists(run.Recipe) ? run : throw new StepDistillException(
            $"{path} is not the folder of a run (it has no {Path.GetFileName(run.Recipe)}). Give a folder such as "
            + $"{RecipeFolder.DefaultRoot}/RECIPE/step-by-step-1-seed0, or a recipe; stepdistill runs lists them.");
    }

    /// <summary>The student's folder: the path itself, or the student of the run there.</summary>
    /// <exception cref="StepDistillException">There is no student.</exception>
    public static string StudentAt(string path)
    {
        var run = new RunFolder(path);
        if (File.Exists(Path.Combine(path, "config.json")))
        {
            return path;
        }

        return Directory.Exists(run.Student) ? run.Student : throw new StepDistillException(Directory.Exists(path)
            ? $"{path} holds no student: neither config.json nor the folder of a finished run. Give a student's folder."
            : $"There is no folder {path}. Give a student's folder; stepdistill runs lists them.");
    }

    /// <summary>Opens the recipe that a run was trained with.</summary>
    /// <param name="run">The run.</param>
    /// <param name="overrides">Settings of the form <c>section.key=value</c>.</param>
    public static OpenedRecipe Open(RunFolder run, IEnumerable<string> overrides)
    {
        var recipe = RecipeReader.ReadFile(run.Recipe, overrides);
        var folder = Path.GetDirectoryName(Path.GetFullPath(run.Root))!;
        return OpenedRecipe.Open(recipe with { Name = Path.GetFileName(folder) }, Path.GetDirectoryName(folder)!);
    }
}
