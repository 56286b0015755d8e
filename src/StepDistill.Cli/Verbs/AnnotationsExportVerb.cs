using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using StepDistill.Annotations;
using StepDistill.Cli.Rendering;

namespace StepDistill.Cli.Verbs;

/// <summary><c>stepdistill annotations export RECIPE FILE</c>: writes stored answers as JSON lines or Parquet.</summary>
internal sealed class AnnotationsExportVerb : Verb
{
    private readonly RecipeWords _recipe = new();

    private readonly Argument<string> _file = new("file")
    {
        Description = "The new file: .parquet for Parquet, else JSON lines; .gz compresses these.",
    };

    /// <summary>Creates the verb.</summary>
    public AnnotationsExportVerb()
        : base(
            "export",
            "Writes a recipe's stored answers to a file of JSON lines or Parquet, for other machines, other programs, or as teacher.answers of a recorded teacher.",
            "annotations export recipe.jsonc answers.jsonl.gz",
            "annotations export recipe.jsonc answers.parquet")
    {
        _recipe.AddTo(this);
        Arguments.Add(_file);
    }

    /// <inheritdoc/>
    protected override async Task<int> RunAsync(ParseResult words, Terminal terminal, CancellationToken cancellation)
    {
        var (recipe, file) = (_recipe.Open(words), words.GetRequiredValue(_file));
        if (!File.Exists(recipe.Runs.Annotations))
        {
            throw new StepDistillException(
                $"{recipe.Recipe.Name} has no annotations yet ({recipe.Runs.Annotations} does not exist). First: stepdistill annotate {_recipe.PathOf(words)}");
        }

        using var store = SqliteAnnotationStore.Open(recipe.Runs.Annotations);
        var lines = await AnnotationExport.WriteAsync(store, file, cancellation);
        terminal.Say(string.Create(CultureInfo.InvariantCulture, $"{lines:N0} annotations are in {file}."));
        terminal.Result(new JsonObject { ["file"] = Path.GetFullPath(file), ["annotations"] = lines });
        return ExitCode.Success;
    }
}
