using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using StepDistill.Annotations;
using StepDistill.Cli.Rendering;

namespace StepDistill.Cli.Verbs;

/// <summary><c>stepdistill annotations import RECIPE FILE</c>: adds exported answers to a recipe's store.</summary>
internal sealed class AnnotationsImportVerb : Verb
{
    private readonly RecipeWords _recipe = new();

    private readonly Argument<string> _file = new("file")
    {
        Description = "A file that annotations export has written.",
    };

    /// <summary>Creates the verb.</summary>
    public AnnotationsImportVerb()
        : base(
            "import",
            "Adds exported answers to a recipe's store. Answers that are there stay as they are; a faulty file adds nothing.",
            "annotations import recipe.jsonc answers.jsonl.gz")
    {
        _recipe.AddTo(this);
        Arguments.Add(_file);
    }

    /// <inheritdoc/>
    protected override async Task<int> RunAsync(ParseResult words, Terminal terminal, CancellationToken cancellation)
    {
        var (recipe, file) = (_recipe.Open(words), words.GetRequiredValue(_file));
        using var store = SqliteAnnotationStore.Open(recipe.Runs.Annotations);
        var (read, added) = await AnnotationImport.ReadAsync(store, file, cancellation);
        terminal.Say(string.Create(CultureInfo.InvariantCulture, $"{read:N0} annotations in {file}; {added:N0} of them were new."));
        terminal.Result(new JsonObject { ["store"] = recipe.Runs.Annotations, ["read"] = read, ["added"] = added });
        return ExitCode.Success;
    }
}
