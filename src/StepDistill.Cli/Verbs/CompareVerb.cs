using System.CommandLine;
using System.Globalization;
using System.Numerics;
using System.Text.Json.Nodes;
using StepDistill.Cli.Rendering;
using StepDistill.Cli.Stages;
using StepDistill.Evaluation.Comparisons;
using StepDistill.Evaluation.Rationales;
using StepDistill.Recipes;
using StepDistill.Reports;

namespace StepDistill.Cli.Verbs;

/// <summary><c>stepdistill compare RECIPE</c>: trains several arms with several seeds and sets them side by side.</summary>
internal sealed class CompareVerb : Verb
{
    private readonly RecipeWords _recipe = new();

    private readonly Option<IReadOnlyList<string>> _arms = new("--arms")
    {
        Description = $"Ways to train, with commas: {string.Join(", ", ComparisonArms.All)}. The shuffled ones are step-by-step with spoilt reasons, as a control.",
        HelpName = "arm,arm",
        CustomParser = result => [.. Items(result)],
        DefaultValueFactory = _ => [Arms.Finetune, "shuffled-rows", Arms.StepByStep],
    };

    private readonly Option<IReadOnlyList<int>> _seeds = new("--seeds")
    {
        Description = "Seeds, with commas; each serves all arms.",
        HelpName = "seed,seed",
        CustomParser = result => Numbers<int>(result, NumberStyles.Integer, "a whole number"),
        DefaultValueFactory = _ => [0, 1, 2],
    };

    private readonly Option<IReadOnlyList<double>> _fractions = new("--fractions")
    {
        Description = "Shares of the training rows, with commas, above 0 and at most 1.",
        HelpName = "share,share",
        CustomParser = result => Numbers<double>(result, NumberStyles.Float, "a number"),
        DefaultValueFactory = _ => [1.0],
    };

    private readonly VariantWords _variants = new();

    private readonly Option<int> _processes = new("--processes")
    {
        Description = "Runs that are trained at a time, each in a process of its own with its share of the cores. Worth it for small students.",
        HelpName = "count",
        DefaultValueFactory = _ => 1,
    };

    private readonly Option<double> _margin = new("--margin")
    {
        Description = "Points of accuracy by which a student may be worse than the teacher and still replace it.",
        HelpName = "points",
        DefaultValueFactory = _ => 1.0,
    };

    private readonly Option<string[]> _gates = new("--gate")
    {
        Description = "A condition: exit code 3 where the intervals do not allow to say that it is met. May be repeated.",
        HelpName = "condition",
        DefaultValueFactory = _ => [],
    };

    private readonly Option<int> _rationaleRows = new("--rationale-rows")
    {
        Description = "Rows for which students also write their reasons, to set them beside the teacher's; 0 for none.",
        HelpName = "count",
        DefaultValueFactory = _ => 200,
    };

    private readonly Option<string?> _judge = new("--judge")
    {
        Description = "A chat model that compares students' reasons with the teacher's, asked twice about each row in swapped order: "
            + "MODEL at the teacher's provider, or PROVIDER:MODEL.",
        HelpName = "model",
    };

    private readonly PriceWords _prices = new();
    private readonly StageSet _stages;
    private readonly AnnotateStage _annotate;

    /// <summary>Creates the verb.</summary>
    public CompareVerb(StageSet stages)
        : base(
            "compare",
            "Trains every arm with every seed, every share of the rows and every size, lets the students answer the test rows "
            + "once, and writes a report. Runs that are done are not done again.",
            "compare recipe.jsonc --arms finetune,step-by-step,shuffled-rows --seeds 0,1,2",
            "compare recipe.jsonc --fractions 0.1,0.3,1 --students t5-v1_1-tiny,t5-v1_1-mini --processes 2",
            "compare recipe.jsonc --gate \"step-by-step >= finetune\" --gate \"student within 1.0 of teacher\"")
    {
        _stages = stages;
        _annotate = new(stages.Teacher);
        _recipe.AddTo(this);
        Options.Add(_arms);
        Options.Add(_seeds);
        Options.Add(_fractions);
        _variants.AddTo(this);
        Options.Add(_processes);
        Options.Add(_rationaleRows);
        Options.Add(_judge);
        Options.Add(_margin);
        _prices.AddTo(this);
        Options.Add(_gates);
        _margin.Validators.Add(result => Refuse(result, result.GetValue(_margin) is >= 0 and < 100, "must be points from 0 to 100"));
        _processes.Validators.Add(result => Refuse(result, result.GetValue(_processes) is >= 1 and <= 1024, "must be at least 1"));
        _rationaleRows.Validators.Add(result => Refuse(result, result.GetValue(_rationaleRows) >= 0, "must not be below 0"));
    }

    /// <inheritdoc/>
    protected override async Task<int> RunAsync(ParseResult words, Terminal terminal, CancellationToken cancellation)
    {
        var variants = _variants.Of(words);
        var recipes = variants.ToDictionary(variant => variant.Name, variant => _recipe.Open(words, variant.Overrides));
        var recipe = recipes[variants[0].Name];
        var (plan, gates) = (Plan(words, variants), Gates(words));
        await AnnotateAsync(words, recipe, terminal, cancellation);

        var settings = new CompareSettings("stepdistill " + string.Join(' ', words.Tokens.Select(token => Quoted(token.Value))))
        {
            Processes = words.GetValue(_processes),
            Margin = words.GetValue(_margin) / 100,
            RationaleRows = words.GetValue(_rationaleRows),
        };
        var warnings = new HashSet<string>();
        var (report, outcomes) = await terminal.WithProgressAsync("Comparing", progress => new CompareStage(_stages).RunAsync(
            recipes, plan, settings, progress, Warn, cancellation));
        var reasons = await RationaleDiagnostics.MeasureAsync(
            recipe.Task, _annotate.ReadAsync(recipe, recipe.Splits.Train, cancellation), (ulong)recipe.Recipe.Training.Seed, cancellation);
        if (reasons is not null && words.GetValue(_judge) is { } judge)
        {
            reasons = reasons with
            {
                Judgement = await new JudgeStage(_stages).RunAsync(
                    recipe, outcomes, JudgeStage.Of(recipe.Recipe.Teacher, judge), terminal.Note, cancellation),
            };
        }

        report = report with
        {
            Rationales = reasons,
            Costs = _prices.Costs(words, report, outcomes, await _annotate.StatisticsAsync(recipe, recipe.Splits.Train, cancellation)),
        };
        report = report with { Gates = [.. gates.Select(gate => gate.Judge(report))] };
        var page = ReportFolder.Write(report, recipe.Runs.Comparison);
        terminal.Say(report.ToText());
        terminal.Say($"The whole report, with every test, figure and run: {page}");
        var result = (JsonObject)JsonNode.Parse(report.ToJson())!;
        result["report"] = page;
        terminal.Result(result);

        var failed = report.Cells.Count(cell => cell.Fault is not null);
        if (failed > 0)
        {
            terminal.Note(string.Create(CultureInfo.InvariantCulture, $"{failed} of {report.Cells.Count} runs failed; the report says why."));
        }

        foreach (var gate in report.Gates.Where(gate => !gate.Met))
        {
            terminal.Note($"The gate '{gate.Condition}' is not met: {gate.Reason}");
        }

        return failed > 0 ? ExitCode.Failure : report.Gates.All(gate => gate.Met) ? ExitCode.Success : ExitCode.GateNotMet;

        void Warn(string line)
        {
            lock (warnings)
            {
                if (warnings.Add(line))     // every run would say the same
                {
                    terminal.Note(line);
                }
            }
        }
    }

    private ComparisonPlan Plan(ParseResult words, IReadOnlyList<ComparisonVariant> variants)
    {
        try
        {
            return new(words.GetRequiredValue(_arms), words.GetRequiredValue(_fractions), words.GetRequiredValue(_seeds), variants);
        }
        catch (StepDistillException e)
        {
            throw new WrongUsageException(e.Message);
        }
    }

    private List<ComparisonGate> Gates(ParseResult words)
    {
        try
        {
            return [.. words.GetRequiredValue(_gates).Select(ComparisonGate.Parse)];
        }
        catch (StepDistillException e)
        {
            throw new WrongUsageException(e.Message);
        }
    }

    private static void Refuse(System.CommandLine.Parsing.OptionResult result, bool fits, string expected)
    {
        if (!fits)
        {
            result.AddError($"{result.Option.Name} {string.Join(' ', result.Tokens.Select(token => token.Value))} {expected}.");
        }
    }

    private async Task AnnotateAsync(ParseResult words, OpenedRecipe recipe, Terminal terminal, CancellationToken cancellation)
    {
        var splits = AnnotateStage.DefaultSplits(recipe);
        var needs = await _annotate.CountAsync(recipe, splits, cancellation);
        var ask = needs.Sum(need => need.ToAsk);
        if (ask > 0 && AnnotateStage.IsFree(recipe))
        {
            await terminal.WithProgressAsync("Reading recorded answers", progress => _annotate.RunAsync(
                recipe, splits, needs.Sum(need => need.Rows), retryFailed: false, maxCost: null, AnnotateVerb.Relay(progress), cancellation));
        }
        else if (ask > 0)
        {
            terminal.Note(string.Create(
                CultureInfo.InvariantCulture,
                $"{ask:N0} rows are not annotated yet; they have no rationale. First: stepdistill annotate {_recipe.PathOf(words)}"));
        }
    }

    private static IEnumerable<string> Items(System.CommandLine.Parsing.ArgumentResult result) =>
        result.Tokens.SelectMany(token => token.Value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries));

    private static List<T> Numbers<T>(System.CommandLine.Parsing.ArgumentResult result, NumberStyles style, string expected)
        where T : INumberBase<T>
    {
        var numbers = new List<T>();
        foreach (var item in Items(result))
        {
            if (T.TryParse(item, style, CultureInfo.InvariantCulture, out var number))
            {
                numbers.Add(number);
            }
            else
            {
                result.AddError($"'{item}' is not {expected}.");
            }
        }

        return numbers;
    }

    /// <summary>A word as a shell takes it back.</summary>
    private static string Quoted(string word) => word.All(letter => char.IsLetterOrDigit(letter) || "-_./=,:@+".Contains(letter))
        ? word
        : $"'{word.Replace("'", "'\\''", StringComparison.Ordinal)}'";
}
