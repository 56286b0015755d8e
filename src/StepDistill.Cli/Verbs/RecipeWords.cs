using System.CommandLine;
using StepDistill.Recipes;
using StepDistill.Runs;

namespace StepDistill.Cli.Verbs;

/// <summary>The words by which verbs are told which recipe to follow and where its runs are.</summary>
internal sealed class RecipeWords
{
    private readonly Argument<string?> _recipe;

    private readonly Option<string[]> _set = new("--set")
    {
        Description = "Overrides one setting, such as --set training.learning_rate=1e-4. May be repeated. "
            + "Relative paths start at the current folder.",
        HelpName = "section.key=value",
        DefaultValueFactory = _ => [],
    };

    private readonly Option<string> _runs = new("--runs")
    {
        Description = "The folder of all runs.",
        HelpName = "folder",
        DefaultValueFactory = _ => RecipeFolder.DefaultRoot,
    };

    /// <summary>Creates the words.</summary>
    /// <param name="isOptional">Whether the verb also works without a recipe.</param>
    /// <param name="description">What may be named, where it is not only a recipe.</param>
    public RecipeWords(bool isOptional = false, string description = "The recipe's file, such as recipe.jsonc.") => _recipe = new("recipe")
    {
        Description = description,
        Arity = isOptional ? ArgumentArity.ZeroOrOne : ArgumentArity.ExactlyOne,
    };

    /// <summary>Adds the words to a verb.</summary>
    /// <param name="verb">The verb.</param>
    /// <param name="withRuns">Whether it works on runs.</param>
    public void AddTo(Command verb, bool withRuns = true)
    {
        verb.Arguments.Add(_recipe);
        verb.Options.Add(_set);
        if (withRuns)
        {
            verb.Options.Add(_runs);
        }
    }

    /// <summary>The recipe's path as it was typed; null where it was not.</summary>
    public string? PathOf(ParseResult words) => words.GetValue(_recipe);

    /// <summary>The overrides as they were typed.</summary>
    public IReadOnlyList<string> Overrides(ParseResult words) => words.GetRequiredValue(_set);

    /// <summary>Reads the recipe with its overrides and finds what it names.</summary>
    /// <exception cref="RecipeException">It cannot be used.</exception>
    /// <param name="words">What was typed.</param>
    /// <param name="further">Overrides that hold besides, and against those that were typed.</param>
    /// <exception cref="StepDistillException">A file that it names is missing.</exception>
    public OpenedRecipe Open(ParseResult words, IEnumerable<string>? further = null) => OpenedRecipe.Open(
        RecipeReader.ReadFile(PathOf(words)!, [.. Overrides(words), .. further ?? []]),
        words.GetValue(_runs) ?? RecipeFolder.DefaultRoot);
}
