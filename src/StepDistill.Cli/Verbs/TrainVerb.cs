using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using StepDistill.Cli.Rendering;
using StepDistill.Cli.Stages;
using StepDistill.Recipes;
using StepDistill.Runs;

namespace StepDistill.Cli.Verbs;

/// <summary><c>stepdistill train RECIPE</c>: trains a student on stored annotations.</summary>
internal sealed class TrainVerb : Verb
{
    /// <summary>A word for programs that start this one: stop when the standard input ends, and say nothing but what a person must know.</summary>
    public const string UntilInputEnds = "--until-input-ends";

    private readonly RecipeWords _recipe = new();

    private readonly Option<string?> _variant = new("--variant")
    {
        Description = "Adds a word to the run's name, to keep runs with other settings apart from each other.",
        HelpName = "word",
    };

    private readonly Option<bool> _untilInputEnds = new(UntilInputEnds) { Hidden = true };

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
            "train recipe.jsonc --set training.arm=finetune --set training.seed=1",
            "train recipe.jsonc --variant slow --set training.learning_rate=1e-4")
    {
        _stages = stages;
        _annotate = new(stages.Teacher);
        _recipe.AddTo(this);
        Options.Add(_variant);
        Options.Add(_dryRun);
        Options.Add(_untilInputEnds);
    }

    /// <inheritdoc/>
    protected override async Task<int> RunAsync(ParseResult words, Terminal terminal, CancellationToken cancellation)
    {
        var recipe = _recipe.Open(words) with { Variant = words.GetValue(_variant) ?? "" };
        if (recipe.Variant.Length > 0 && !RecipeFolder.IsVariant(recipe.Variant))
        {
            throw new WrongUsageException($"--variant {recipe.Variant} cannot stand in a folder's name; use letters, digits and -_.=+, at most 100.");
        }

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
            var manifest = words.GetValue(_untilInputEnds)
                ? await TrainUntilInputEndsAsync(recipe, terminal, cancellation)
                : await terminal.WithProgressAsync("Training", progress => _stages.Train(recipe, progress, terminal.Note, cancellation));
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

    private async Task<RunManifest> TrainUntilInputEndsAsync(OpenedRecipe recipe, Terminal terminal, CancellationToken cancellation)
    {
        var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);       // not disposed: the input may end after all else
        _ = Task.Factory.StartNew(
            () =>
            {
                while (_stages.Input.Read() >= 0)
                {
                }

                stop.Cancel();
            },
            CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        try
        {
            return await _stages.Train(recipe, new Relay<Progress>(_ => { }), terminal.Note, stop.Token);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw new StepDistillException("The program that started this training has ended; what was done is kept.");
        }
    }

    private static string Missing(AnnotationNeed need) => need.Annotated == 0 || need.Rows - need.Annotated >= need.ToAsk
        ? string.Create(CultureInfo.InvariantCulture, $"{need.ToAsk:N0} rows are not annotated yet; they have no rationale")
        : string.Create(CultureInfo.InvariantCulture, $"{need.ToAsk:N0} of the teacher's several answers are not stored yet");
}
