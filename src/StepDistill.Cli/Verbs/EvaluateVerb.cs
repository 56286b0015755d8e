using System.CommandLine;
using System.Text.Json.Nodes;
using StepDistill.Cli.Rendering;
using StepDistill.Cli.Stages;
using StepDistill.Evaluation;

namespace StepDistill.Cli.Verbs;

/// <summary><c>stepdistill evaluate RECIPE|FOLDER</c>: measures a trained student beside its teacher.</summary>
internal sealed class EvaluateVerb : Verb
{
    private readonly RecipeWords _recipe = new(description: "A recipe's file, or the folder of a run.");

    private readonly Option<string?> _split = new("--split")
    {
        Description = "Which rows: test, validation or train. Without it the test rows, or the validation rows where there are none.",
    };

    private readonly Option<bool> _rationale = new("--rationale")
    {
        Description = "Lets the student write its reasons too, and keeps them with the predictions.",
    };

    private readonly Option<double?> _atLeast = new("--at-least")
    {
        Description = "A gate: exit code 3 if the accuracy, from 0 to 1, is lower.",
        HelpName = "accuracy",
    };

    private readonly EvaluateStage _evaluate;

    /// <summary>Creates the verb.</summary>
    public EvaluateVerb(StageSet stages)
        : base(
            "evaluate",
            "Measures a trained student on the test rows, beside its teacher, and keeps every prediction.",
            "evaluate recipe.jsonc",
            "evaluate runs/my-task/step-by-step-1-seed0 --set task.test=more.jsonl --at-least 0.8")
    {
        _evaluate = new(stages.Teacher, stages.Student);
        _recipe.AddTo(this);
        Options.Add(_split);
        Options.Add(_rationale);
        Options.Add(_atLeast);
    }

    /// <inheritdoc/>
    protected override async Task<int> RunAsync(ParseResult words, Terminal terminal, CancellationToken cancellation)
    {
        var there = RunFolderWords.RunAt(_recipe.PathOf(words)!);
        var recipe = there is null ? _recipe.Open(words) : RunFolderWords.Open(there, _recipe.Overrides(words));
        var run = there ?? recipe.Run;
        var split = words.GetValue(_split) is { } name ? recipe.Split(name) : recipe.ReportSplit;
        var (report, folder) = await terminal.WithProgressAsync("Evaluating", progress =>
            _evaluate.StudentAsync(recipe, run, split, words.GetValue(_rationale), reuse: false, progress, cancellation));
        var teacher = await _evaluate.TeacherAsync(recipe, split, cancellation);

        terminal.Say($"{split.Name}: {split.Source}");
        foreach (var line in Reports.Table(new[] { report, teacher }.OfType<EvaluationReport>()))
        {
            terminal.Say(line);
        }

        var gate = words.GetValue(_atLeast);
        var met = gate is not { } wanted || report.Accuracy >= wanted;
        terminal.Say($"Without reading the input, {Reports.Share(report.Baseline)} would be right. Every prediction is in {folder}.");
        if (!met)
        {
            terminal.Note($"The gate is not met: {Reports.Share(report.Accuracy)} is below {Reports.Share(gate!.Value)}.");
        }

        var result = Reports.Json(report);
        result["run"] = run.Root;
        result["report"] = folder;
        result["teacher"] = teacher is null ? null : Reports.Json(teacher);
        if (gate is not null)
        {
            result["gate"] = new JsonObject { ["at_least"] = gate, ["met"] = met };
        }

        terminal.Result(result);
        return met ? ExitCode.Success : ExitCode.GateNotMet;
    }
}
