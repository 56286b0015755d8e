using System.CommandLine;
using System.Text.Json.Nodes;
using StepDistill.Annotations;
using StepDistill.Cli.Rendering;
using StepDistill.Cli.Stages;

namespace StepDistill.Cli.Verbs;

/// <summary><c>stepdistill annotations list RECIPE</c>: rows with what the teacher said, those that need a look first of all.</summary>
internal sealed class AnnotationsListVerb : Verb
{
    private readonly RecipeWords _recipe = new();

    private readonly Option<string> _split = new("--split")
    {
        Description = "Which rows: train, validation or test.",
        DefaultValueFactory = _ => "train",
    };

    private readonly Option<string> _only = new Option<string>("--only")
    {
        Description = "all; wrong (a label other than gold); unreadable (any status but readable); or missing (not annotated).",
        DefaultValueFactory = _ => "all",
    }.AcceptOnlyFromAmong("all", "wrong", "unreadable", "missing");

    private readonly Option<int> _count = new("--count")
    {
        Description = "Rows to list at most.",
        DefaultValueFactory = _ => 20,
    };

    private readonly AnnotateStage _annotate;

    /// <summary>Creates the verb.</summary>
    public AnnotationsListVerb(StageSet stages)
        : base(
            "list",
            "Lists rows with what the teacher said about them.",
            "annotations list recipe.jsonc --only wrong --count 50")
    {
        _annotate = new(stages.Teacher);
        _recipe.AddTo(this);
        Options.Add(_split);
        Options.Add(_only);
        Options.Add(_count);
    }

    /// <inheritdoc/>
    protected override async Task<int> RunAsync(ParseResult words, Terminal terminal, CancellationToken cancellation)
    {
        var recipe = _recipe.Open(words);
        var split = recipe.Split(words.GetRequiredValue(_split));
        var only = words.GetRequiredValue(_only);
        var rows = await _annotate.ReadAsync(recipe, split, cancellation)
            .SelectMany(row => row.EachAnswer)
            .Where(row => Wanted(recipe, row, only))
            .Take(Math.Max(0, words.GetValue(_count)))
            .ToListAsync(cancellation);
        foreach (var line in TextTable.Lines(["id", "status", "gold", "teacher", "reasons"], rows.Select(row => new[]
        {
            row.Example.Id,
            StatusOf(row.Annotation),
            row.Example.Label ?? "–",
            row.Annotation?.Label ?? "–",
            Shortened(row.Annotation?.Rationale ?? row.Annotation?.Fault ?? ""),
        })))
        {
            terminal.Say(line);
        }

        terminal.Result(new JsonObject
        {
            ["recipe"] = recipe.Recipe.Name,
            ["split"] = split.Name,
            ["rows"] = new JsonArray([.. rows.Select(row => (JsonNode)AnnotationsShowVerb.Json(row))]),
        });
        return ExitCode.Success;
    }

    internal static string StatusOf(Annotation? annotation) => annotation?.Status.ToString().ToLowerInvariant() ?? "missing";

    private static bool Wanted(OpenedRecipe recipe, AnnotatedExample row, string only) => only switch
    {
        "wrong" => row is { Example.Label: not null, Annotation.Label: { } label } && !recipe.Task.IsCorrect(row.Example, label),
        "unreadable" => row.Annotation is { Status: not AnnotationStatus.Ok },
        "missing" => row.Annotation is null,
        _ => true,
    };

    private static string Shortened(string text)
    {
        var line = text.ReplaceLineEndings(" ");
        return line.Length <= 60 ? line : line[..59] + "…";
    }
}
