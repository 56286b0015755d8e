using System.CommandLine;
using StepDistill.Cli.Rendering;
using StepDistill.Cli.Stages;
using StepDistill.Inference.Cascades;

namespace StepDistill.Cli.Verbs;

/// <summary><c>stepdistill cascade RECIPE|FOLDER</c>: decides when a student answers and when its large model does.</summary>
internal sealed class CascadeVerb : Verb
{
    private readonly RecipeWords _recipe = new(description: "A recipe's file, or the folder of a run.");

    private readonly Option<double?> _accuracy = new("--accuracy")
    {
        Description = "Promises that at least this share of the answers is right, above 0 and below 1: of all answers, the teacher's where "
            + "the student is not sure; with --among-answered of the student's own.",
        HelpName = "share",
    };

    private readonly Option<bool> _among = new("--among-answered")
    {
        Description = "With --accuracy: promises it of what the student answers. Needs no answers of the teacher.",
    };

    private readonly Option<double?> _costShare = new("--cost-share")
    {
        Description = "Promises that at most this share of the rows goes to the large model, above 0 and below 1.",
        HelpName = "share",
    };

    private readonly Option<double> _delta = new("--delta")
    {
        Description = "How often such a promise may fail.",
        HelpName = "share",
        DefaultValueFactory = _ => 0.05,
    };

    private readonly Option<int?> _future = new("--future-rows")
    {
        Description = "Makes the promise hold for what is counted on so many new rows (with --among-answered: rows that the student "
            + "answers). Without it, for the long run.",
        HelpName = "rows",
    };

    private readonly Option<double> _familiarity = new("--min-familiarity")
    {
        Description = "Sends inputs less familiar than this to the large model however sure the student is. With 0.01 that is one in a hundred of the task's own.",
        HelpName = "share",
        DefaultValueFactory = _ => 0,
    };

    private readonly Option<double?> _price = new("--call-price")
    {
        Description = "Dollars for one call of the large model: says what 1,000 rows will cost.",
        HelpName = "dollars",
    };

    private readonly Option<string> _split = new("--split")
    {
        Description = "Which rows: validation, test or train. Best are rows that chose neither the weights nor the calibration.",
        DefaultValueFactory = _ => "validation",
    };

    private readonly Option<int> _trial = new("--splits")
    {
        Description = "Makes the promise on random halves of the rows and checks it on the others, so many times.",
        HelpName = "times",
        DefaultValueFactory = _ => 0,
    };

    private readonly CascadeRowsStage _rows;

    /// <summary>Creates the verb.</summary>
    public CascadeVerb(StageSet stages)
        : base(
            "cascade",
            "Decides when a student answers and when the large model does, so that an accuracy or a cost can be promised for new rows. "
                + "Keeps the decision beside the student.",
            "cascade runs/my-task/step-by-step-1-seed0 --accuracy 0.9",
            "cascade recipe.jsonc --accuracy 0.95 --among-answered --future-rows 2000",
            "cascade recipe.jsonc --cost-share 0.3 --call-price 0.002 --json")
    {
        _rows = stages.CascadeRows;
        _recipe.AddTo(this);
        foreach (var option in (Option[])[_accuracy, _among, _costShare, _delta, _future, _familiarity, _price, _split, _trial])
        {
            Options.Add(option);
        }
    }

    /// <inheritdoc/>
    protected override async Task<int> RunAsync(ParseResult words, Terminal terminal, CancellationToken cancellation)
    {
        var target = TargetOf(words);
        var there = RunFolderWords.RunAt(_recipe.PathOf(words)!);
        var recipe = there is null ? _recipe.Open(words) : RunFolderWords.Open(there, _recipe.Overrides(words));
        var run = there ?? recipe.Run;
        var split = recipe.Split(words.GetRequiredValue(_split));
        var gathered = await terminal.WithProgressAsync("Asking the student", progress => _rows(recipe, run, split, progress, cancellation));
        var file = CascadeFile.From(gathered.Rows, target, gathered.Student);
        var points = CascadeCurve.Of(
            [.. gathered.Rows.Where(row => target.Goal != CascadeGoal.Accuracy || row.LargeRight is not null)], target.FamiliarityFloor);

        terminal.Say($"{split.Name}: {split.Source}");
        foreach (var line in CascadeText.Table(points, file.Plan))
        {
            terminal.Say(line);
        }

        var result = CascadeText.Json(file.Plan, points);
        terminal.Say(file.Plan.Summary);
        if (file.Plan.RowsLeftOut > 0)
        {
            terminal.Note($"{file.Plan.RowsLeftOut:N0} rows were left out: {gathered.Teacher ?? "the teacher"} was never asked about them. "
                + "They must be missing by chance, or the promise is one about other rows.");
        }

        if (words.GetValue(_price) is { } price)
        {
            var (cost, before) = (1000 * price * file.Plan.LargeShare, 1000 * price);
            terminal.Say(FormattableString.Invariant($"1,000 rows will cost ${cost:F2} instead of ${before:F2}."));
            (result["dollars_per_thousand"], result["dollars_per_thousand_without"]) = (cost, before);
        }

        if (words.GetValue(_trial) is > 0 and var times)
        {
            var trial = CascadeTrial.Run(gathered.Rows, target, times);
            terminal.Say(CascadeText.Sentence(trial, target));
            result["trial"] = CascadeText.Json(trial);
        }

        result["run"] = run.Root;
        result["teacher"] = gathered.Teacher;
        result["file"] = null;
        if (file.Plan.IsMet)
        {
            var path = file.Write(run.Student);
            terminal.Say($"Written to {path}.");
            result["file"] = path;
        }

        terminal.Result(result);
        return file.Plan.IsMet ? ExitCode.Success : ExitCode.GateNotMet;
    }

    private CascadeTarget TargetOf(ParseResult words)
    {
        var target = (words.GetValue(_accuracy), words.GetValue(_costShare)) switch
        {
            ({ } accuracy, null) => words.GetValue(_among) ? CascadeTarget.AccuracyAmongAnswered(accuracy) : CascadeTarget.Accuracy(accuracy),
            (null, { } share) when !words.GetValue(_among) => CascadeTarget.LargeShare(share),
            (null, { }) => throw new WrongUsageException("--among-answered goes with --accuracy, not with --cost-share."),
            _ => throw new WrongUsageException("Say what to promise: either --accuracy 0.9, or --cost-share 0.3."),
        };
        if (words.GetValue(_trial) > 0 && target.Goal == CascadeGoal.LargeShare)
        {
            throw new WrongUsageException("--splits goes with --accuracy: it checks an accuracy.");
        }

        if (words.GetValue(_price) is { } price && !(price > 0 && double.IsFinite(price)))
        {
            throw new WrongUsageException("--call-price must be dollars above 0.");
        }

        return target with
        {
            Delta = words.GetValue(_delta),
            FutureRows = words.GetValue(_future),
            FamiliarityFloor = words.GetValue(_familiarity),
        };
    }
}
