using System.CommandLine;
using System.Text.Json.Nodes;
using StepDistill.Cli.Rendering;
using StepDistill.Cli.Stages;
using StepDistill.Evaluation;
using StepDistill.Tasks;

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

    private readonly Option<bool> _errors = new("--errors")
    {
        Description = "Lists what the student gets wrong and the teacher right, the other way round, and what both get wrong, "
            + "with both rationales, the student's most confident answers first. Keeps every row in errors.jsonl.",
    };

    private readonly Option<int> _rows = new("--rows")
    {
        Description = "With --errors: rows to list of each kind. With --json all are.",
        DefaultValueFactory = _ => 10,
    };

    private readonly Option<string[]> _slices = new("--slice")
    {
        Description = "Measures parts of the rows: by input-length (words), by label (gold), or by a column of the data. May be repeated.",
        HelpName = "input-length|label|column",
        DefaultValueFactory = _ => [],
    };

    private readonly EvaluateStage _evaluate;

    /// <summary>Creates the verb.</summary>
    public EvaluateVerb(StageSet stages)
        : base(
            "evaluate",
            "Measures a trained student on the test rows, beside its teacher, and keeps every prediction.",
            "evaluate recipe.jsonc",
            "evaluate runs/my-task/step-by-step-1-seed0 --set task.test=more.jsonl --at-least 0.8",
            "evaluate recipe.jsonc --errors --slice input-length --slice label")
    {
        _evaluate = new(stages.Teacher, stages.Student);
        _recipe.AddTo(this);
        Options.Add(_split);
        Options.Add(_rationale);
        Options.Add(_atLeast);
        Options.Add(_errors);
        Options.Add(_rows);
        Options.Add(_slices);
    }

    /// <inheritdoc/>
    protected override async Task<int> RunAsync(ParseResult words, Terminal terminal, CancellationToken cancellation)
    {
        var there = RunFolderWords.RunAt(_recipe.PathOf(words)!);
        var recipe = there is null ? _recipe.Open(words) : RunFolderWords.Open(there, _recipe.Overrides(words));
        var run = there ?? recipe.Run;
        var split = words.GetValue(_split) is { } name ? recipe.Split(name) : recipe.ReportSplit;
        var withErrors = words.GetValue(_errors);
        var (report, folder) = await terminal.WithProgressAsync("Evaluating", progress =>
            _evaluate.StudentAsync(recipe, run, split, words.GetValue(_rationale) || withErrors, reuse: false, progress, cancellation));
        var teacher = await _evaluate.TeacherAsync(recipe, split, cancellation);

        terminal.Say($"{split.Name}: {split.Source}");
        foreach (var line in EvaluationReportText.Table(report, teacher))
        {
            terminal.Say(line);
        }

        var result = EvaluationReportText.Json(report);
        if (withErrors || words.GetRequiredValue(_slices).Length > 0)
        {
            await ShowRowsAsync(words, terminal, recipe, split, (report, teacher, folder), result, cancellation);
        }

        var gate = words.GetValue(_atLeast);
        var met = gate is not { } wanted || report.Accuracy >= wanted;
        terminal.Say($"Without reading the input, {EvaluationReportText.Share(report.Baseline)} would be right. Every prediction is in {folder}.");
        terminal.Say($"Next: stepdistill export {run.Root}");
        if (!met)
        {
            terminal.Note($"The gate is not met: {EvaluationReportText.Share(report.Accuracy)} is below {EvaluationReportText.Share(gate!.Value)}.");
        }

        result["run"] = run.Root;
        result["report"] = folder;
        result["teacher"] = EvaluationReportText.TeacherJson(teacher);
        if (gate is not null)
        {
            result["gate"] = new JsonObject { ["at_least"] = gate, ["met"] = met };
        }

        terminal.Result(result);
        return met ? ExitCode.Success : ExitCode.GateNotMet;
    }

    /// <summary>Shows the rows themselves: slices of them, and those that somebody got wrong.</summary>
    private async Task ShowRowsAsync(
        ParseResult words,
        Terminal terminal,
        OpenedRecipe recipe,
        TaskSplit split,
        (EvaluationReport Student, EvaluationReport? Teacher, string Folder) reports,
        JsonObject result,
        CancellationToken cancellation)
    {
        var examples = await split.Read(cancellation).ToListAsync(cancellation);
        var slices = words.GetRequiredValue(_slices)
            .Select(by => Slicing.By(by, recipe.Task, examples, reports.Student, reports.Teacher))
            .ToList();
        foreach (var slice in slices)
        {
            terminal.Say();
            foreach (var line in ErrorListing.Table(slice))
            {
                terminal.Say(line);
            }
        }

        if (slices.Count > 0)
        {
            result["slices"] = new JsonArray([.. slices.SelectMany(slice => slice).Select(slice => (JsonNode)ErrorListing.Json(slice))]);
        }

        if (words.GetValue(_errors))
        {
            var errors = ErrorList.Of(examples, reports.Student, reports.Teacher);
            foreach (var line in ErrorListing.Lines(errors, Math.Max(0, words.GetValue(_rows))))
            {
                terminal.Say(line);
            }

            result["errors_file"] = ErrorList.Write(reports.Folder, errors);
            result["errors"] = new JsonArray([.. errors.Select(row => (JsonNode)ErrorListing.Json(row))]);
        }

        terminal.Say();
    }
}
