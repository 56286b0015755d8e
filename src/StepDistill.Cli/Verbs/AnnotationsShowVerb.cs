using System.CommandLine;
using System.Text.Json.Nodes;
using StepDistill.Annotations;
using StepDistill.Cli.Rendering;
using StepDistill.Cli.Stages;

namespace StepDistill.Cli.Verbs;

/// <summary><c>stepdistill annotations show RECIPE ID</c>: one row with everything the teacher said.</summary>
internal sealed class AnnotationsShowVerb : Verb
{
    private readonly RecipeWords _recipe = new();

    private readonly Argument<string> _id = new("id")
    {
        Description = "The row's id, as annotations list shows it.",
    };

    private readonly AnnotateStage _annotate;

    /// <summary>Creates the verb.</summary>
    public AnnotationsShowVerb(StageSet stages)
        : base("show", "Shows one row with everything the teacher said about it.", "annotations show recipe.jsonc train-07")
    {
        _annotate = new(stages.Teacher);
        _recipe.AddTo(this);
        Arguments.Add(_id);
    }

    /// <summary>Writes a row as an object.</summary>
    internal static JsonObject Json(AnnotatedExample row) => new()
    {
        ["id"] = row.Example.Id,
        ["input"] = row.Example.Input,
        ["gold"] = row.Example.Label,
        ["status"] = AnnotationsListVerb.StatusOf(row.Annotation),
        ["label"] = row.Annotation?.Label,
        ["rationale"] = row.Annotation?.Rationale,
        ["fault"] = row.Annotation?.Fault,
        ["teacher"] = row.Annotation?.Teacher,
        ["reply"] = row.Annotation?.Reply,
    };

    /// <inheritdoc/>
    protected override async Task<int> RunAsync(ParseResult words, Terminal terminal, CancellationToken cancellation)
    {
        var recipe = _recipe.Open(words);
        var id = words.GetRequiredValue(_id);
        foreach (var split in recipe.Splits.All)
        {
            var row = await _annotate.ReadAsync(recipe, split, cancellation)
                .FirstOrDefaultAsync(row => row.Example.Id == id, cancellation);
            if (row is not null)
            {
                Show(terminal, row, split.Name);
                return ExitCode.Success;
            }
        }

        throw new StepDistillException(
            $"No row of {recipe.Recipe.Name} has the id '{id}'. The ids are shown by: stepdistill annotations list {_recipe.PathOf(words)}");
    }

    private static void Show(Terminal terminal, AnnotatedExample row, string split)
    {
        var example = row.Example;
        terminal.Say($"{example.Id} ({split})");
        Part("input", example.Input ?? "(not known)");
        Part("gold", example.Label ?? "(not known)");
        foreach (var answer in row.Answers)
        {
            Part("status", AnnotationsListVerb.StatusOf(answer));
            Part("fault", answer?.Fault);
            Part("label", answer?.Label);
            Part("rationale", answer?.Rationale);
            Part("reply", answer?.Reply);
            Part("teacher", answer?.Teacher);
        }

        var result = Json(row);
        result["split"] = split;
        if (row.Answers.Count > 1)
        {
            result["answers"] = new JsonArray([.. row.EachAnswer.Select(one => (JsonNode)Json(one))]);
        }

        terminal.Result(result);

        void Part(string name, string? text)
        {
            if (!string.IsNullOrEmpty(text))
            {
                terminal.Say($"{name + ":",-11}{text.ReplaceLineEndings($"{Environment.NewLine}{"",11}")}");
            }
        }
    }
}
