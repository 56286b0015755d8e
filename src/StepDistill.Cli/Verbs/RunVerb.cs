using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using StepDistill.Cli.Rendering;
using StepDistill.Cli.Stages;
using StepDistill.Evaluation;

namespace StepDistill.Cli.Verbs;

/// <summary><c>stepdistill run RECIPE</c>: the whole recipe, skipping what is done.</summary>
internal sealed class RunVerb : Verb
{
    private readonly RecipeWords _recipe = new();
    private readonly StageSet _stages;
    private readonly AnnotateStage _annotate;
    private readonly EvaluateStage _evaluate;

    /// <summary>Creates the verb.</summary>
    public RunVerb(StageSet stages)
        : base(
            "run",
            "Annotates, trains and evaluates, skipping what is done. Stop it whenever you like; the same command goes on.",
            "run recipe.jsonc")
    {
        _stages = stages;
        _annotate = new(stages.Teacher);
        _evaluate = new(stages.Teacher, stages.Student);
        _recipe.AddTo(this);
    }

    /// <inheritdoc/>
    protected override async Task<int> RunAsync(ParseResult words, Terminal terminal, CancellationToken cancellation)
    {
        var recipe = _recipe.Open(words);
        var asked = await AnnotateAsync(recipe, terminal, cancellation);
        var trained = await TrainAsync(recipe, terminal, cancellation);
        var (report, evaluated) = await EvaluateAsync(recipe, trained, terminal, cancellation);
        var teacher = await _evaluate.TeacherAsync(recipe, recipe.ReportSplit, cancellation);

        terminal.Say();
        foreach (var line in EvaluationReportText.Table(report, teacher))
        {
            terminal.Say(line);
        }

        terminal.Say();
        terminal.Say($"The student is in {recipe.Run.Student}.");
        terminal.Say($"Next: stepdistill predict {recipe.Run.Root} \"…\", or see whether rationales helped:");
        terminal.Say($"  stepdistill compare {_recipe.PathOf(words)} --arms finetune,step-by-step --seeds 0,1,2");
        terminal.Say($"Or put it to work: stepdistill export {recipe.Run.Root}");
        var result = EvaluationReportText.Json(report);
        result["run"] = recipe.Run.Root;
        result["student"] = recipe.Run.Student;
        result["teacher"] = EvaluationReportText.TeacherJson(teacher);
        result["done"] = new JsonObject { ["annotated"] = asked, ["trained"] = trained, ["evaluated"] = evaluated };
        terminal.Result(result);
        return ExitCode.Success;
    }

    private async Task<long> AnnotateAsync(OpenedRecipe recipe, Terminal terminal, CancellationToken cancellation)
    {
        var splits = AnnotateStage.DefaultSplits(recipe);
        var (needs, estimator) = await _annotate.PlanAsync(recipe, splits, cancellation);
        var (stored, ask) = (needs.Sum(need => need.Stored), needs.Sum(need => need.ToAsk));
        terminal.Say(string.Create(
            CultureInfo.InvariantCulture,
            $"annotate: {stored:N0} stored, {ask:N0} to ask{(ask == 0 ? "; skipped" : Estimates.About(recipe, estimator.Estimate()))}"));
        if (ask == 0)
        {
            return 0;
        }

        var end = await terminal.WithProgressAsync("Annotating", progress => _annotate.RunAsync(
            recipe, splits, needs.Sum(need => need.Rows), retryFailed: false, maxCost: null, AnnotateVerb.Relay(progress), cancellation));
        end.Notes.ToList().ForEach(terminal.Say);
        return end.Asked;
    }

    private async Task<bool> TrainAsync(OpenedRecipe recipe, Terminal terminal, CancellationToken cancellation)
    {
        // The stage also checks that a finished run is the one that this recipe describes.
        var wasFinished = recipe.Run.IsFinished;
        terminal.Say($"train:    {recipe.Run.Root}{(wasFinished ? " is finished; skipped" : "")}");
        await terminal.WithProgressAsync("Training", progress => _stages.Train(
            recipe, progress, terminal.Note, cancellation));
        return !wasFinished;
    }

    private async Task<(EvaluationReport Report, bool IsNew)> EvaluateAsync(
        OpenedRecipe recipe, bool trained, Terminal terminal, CancellationToken cancellation)
    {
        var split = recipe.ReportSplit;
        var asked = false;
        var (report, folder) = await terminal.WithProgressAsync("Evaluating", progress => _evaluate.StudentAsync(
            recipe, recipe.Run, split, withRationale: false, reuse: !trained, Told(progress), cancellation));
        terminal.Say($"evaluate: {folder}{(asked ? "" : " holds the report on these rows; skipped")}");
        return (report, asked);

        Relay<Progress> Told(IProgress<Progress> progress) => new(value =>
        {
            asked = true;
            progress.Report(value);
        });
    }
}
