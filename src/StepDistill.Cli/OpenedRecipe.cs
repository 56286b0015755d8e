using StepDistill.Recipes;
using StepDistill.Runs;
using StepDistill.Tasks;

namespace StepDistill.Cli;

/// <summary>A recipe with what it names: the task, its rows, and the folder of its runs.</summary>
/// <param name="Recipe">The recipe, every preset and override resolved.</param>
/// <param name="Task">What a label is.</param>
/// <param name="Splits">The rows.</param>
/// <param name="Runs">Where annotations, runs and reports are.</param>
internal sealed record OpenedRecipe(Recipe Recipe, TaskSpec Task, TaskSplits Splits, RecipeFolder Runs)
{
    /// <summary>What else its run is called, to keep it apart from runs with other settings; may be empty.</summary>
    public string Variant { get; init; } = "";

    /// <summary>The folder of the run that the recipe's own arm, fraction and seed make.</summary>
    public RunFolder Run => Runs.Run(Recipe.Training, Variant);

    /// <summary>The rows that reports are about: the test rows, or the validation rows where there are none.</summary>
    /// <exception cref="StepDistillException">There is neither.</exception>
    public TaskSplit ReportSplit => Splits.Test ?? Splits.Validation ?? throw new StepDistillException(
        "The recipe has neither test rows (task.test) nor validation rows (task.validation, task.validation_rows or "
        + "task.validation_share), so nothing can be measured. Name a file of rows with gold labels.");

    /// <summary>Finds what a recipe names.</summary>
    /// <param name="recipe">The recipe; its paths are absolute.</param>
    /// <param name="runs">The folder of all recipes' runs.</param>
    /// <exception cref="StepDistillException">The task makes no sense, or a file is missing.</exception>
    public static OpenedRecipe Open(Recipe recipe, string runs)
    {
        var task = TaskSpec.From(recipe.Task);
        return new(recipe, task, TaskSplits.Open(task, recipe.Task, Environment.CurrentDirectory), new RecipeFolder(runs, recipe.Name));
    }

    /// <summary>Finds a split by name.</summary>
    /// <param name="name"><c>train</c>, <c>validation</c> or <c>test</c>.</param>
    /// <exception cref="WrongUsageException">The recipe has no such rows.</exception>
    public TaskSplit Split(string name) => Splits.All.FirstOrDefault(split => split.Name == name)
        ?? throw new WrongUsageException(
            $"The recipe has no rows called '{name}'; it has {string.Join(", ", Splits.All.Select(split => split.Name))}.");
}
