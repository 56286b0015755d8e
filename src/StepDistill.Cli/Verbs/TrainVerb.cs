using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using StepDistill.Cli.Rendering;
using StepDistill.Cli.Stages;
using StepDistill.Recipes;

namespace StepDistill.Cli.Verbs;

/// <summary><c>stepdistill train RECIPE</c>: trains a student on stored annotations.</summary>
internal sealed class TrainVerb : Verb
{
    private readonly RecipeWords _recipe = new();

    private readonly Option<bool> _dryRun = new("--dry-run")
    {
        Description = "Checks the recipe and its rows and says what would be done, then stops.",
    };

    private readonly StageSet _stages;
    private readonly AnnotateStage _annotate;

    /// <summary>Creates the verb.</summary>
    public TrainVerb(StageSet stages)
        : base(
            "train",
            "Trains a student on stored annotations. A run that was stopped goes on from its last checkpoint.",
            "train recipe.jsonc",
            "train recipe.jsonc --set training.arm=finetune --set training.seed=1")
    {
        _stages = stages;
        _annotate = new(stages.Teacher);
        _recipe.AddTo(this);
        Options.Add(_dryRun);
    }

    /// <inheritdoc/>
    protected override async Task<int> RunAsync(ParseResult words, Terminal terminal, CancellationToken cancellation)
    {
        var recipe = _recipe.Open(words);
        var (training, folder) = (recipe.Recipe.Training, recipe.Run);
        var rows = (await _annotate.CountAsync(recipe, [recipe.Splits.Train], cancellation))[0];
        terminal.Say(string.Create(
            CultureInfo.InvariantCulture,
            $"{recipe.Recipe.Name}: {training.Arm}, {rows.Rows:N0} training rows ({rows.Annotated:N0} annotated), "
            + $"{training.MaxSteps:N0} steps of {recipe.Recipe.Batches.BatchSize:N0}, into {folder.Root}"));
        if (rows.ToAsk > 0 && training.Arm != Arms.Finetune)
        {
            terminal.Note(string.Create(
                CultureInfo.InvariantCulture,
                $"{Missing(rows)}. First: stepdistill annotate {_recipe.PathOf(words)}"));
        }

        var result = new JsonObject
        {
            ["run"] = folder.Root,
            ["arm"] = training.Arm,
            ["rows"] = rows.Rows,
            ["annotated"] = rows.Annotated,
            ["finished"] = folder.IsFinished,
        };
        if (!words.GetValue(_dryRun))
        {
            var wasFinished = folder.IsFinished;
            var manifest = await terminal.WithProgressAsync("Training", progress =>
                _stages.Train(recipe, progress, terminal.Note, cancellation));
            terminal.Say(string.Create(
                CultureInfo.InvariantCulture,
                $"{(wasFinished ? "It was already trained" : "Done")}: {manifest.BestScore:P1} of the validation rows at step {manifest.BestStep:N0}."));
            terminal.Say($"The student is in {folder.Student}. Next: stepdistill evaluate {folder.Root}");
            result["finished"] = true;
            result["student"] = folder.Student;
            result["steps"] = manifest.Steps;
            result["best_step"] = manifest.BestStep;
            result["best_score"] = manifest.BestScore;
        }

        terminal.Result(result);
        return ExitCode.Success;
    }

    private static string Missing(AnnotationNeed need) => need.Annotated == 0 || need.Rows - need.Annotated >= need.ToAsk
        ? string.Create(CultureInfo.InvariantCulture, $"{need.ToAsk:N0} rows are not annotated yet; they have no rationale")
        : string.Create(CultureInfo.InvariantCulture, $"{need.ToAsk:N0} of the teacher's several answers are not stored yet");
}
