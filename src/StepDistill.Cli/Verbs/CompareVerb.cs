using System.CommandLine;
using System.Globalization;
using System.Numerics;
using System.Text.Json.Nodes;
using StepDistill.Cli.Rendering;
using StepDistill.Cli.Stages;
using StepDistill.Evaluation.Comparisons;
using StepDistill.Recipes;

namespace StepDistill.Cli.Verbs;

/// <summary><c>stepdistill compare RECIPE</c>: trains several arms with several seeds and sets them side by side.</summary>
internal sealed class CompareVerb : Verb
{
    private readonly RecipeWords _recipe = new();

    private readonly Option<IReadOnlyList<string>> _arms = new("--arms")
    {
        Description = $"Ways to train, with commas: {string.Join(", ", Arms.All)}.",
        HelpName = "arm,arm",
        CustomParser = result => [.. Items(result)],
        DefaultValueFactory = _ => [Arms.Finetune, Arms.StepByStep],
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

    private readonly StageSet _stages;
    private readonly AnnotateStage _annotate;

    /// <summary>Creates the verb.</summary>
    public CompareVerb(StageSet stages)
        : base(
            "compare",
            "Trains every arm with every seed and every share of the rows, and sets them side by side with paired intervals. "
            + "Runs that are done are not done again.",
            "compare recipe.jsonc --arms finetune,step-by-step --seeds 0,1,2",
            "compare recipe.jsonc --arms finetune,distill,step-by-step --seeds 0,1,2 --fractions 0.25,1 --json")
    {
        _stages = stages;
        _annotate = new(stages.Teacher);
        _recipe.AddTo(this);
        Options.Add(_arms);
        Options.Add(_seeds);
        Options.Add(_fractions);
    }

    /// <inheritdoc/>
    protected override async Task<int> RunAsync(ParseResult words, Terminal terminal, CancellationToken cancellation)
    {
        var recipe = _recipe.Open(words);
        var plan = Plan(words);
        await AnnotateAsync(words, recipe, terminal, cancellation);

        var command = "stepdistill " + string.Join(' ', words.Tokens.Select(token => Quoted(token.Value)));
        var warnings = new HashSet<string>();
        var report = await terminal.WithProgressAsync("Comparing", progress => new CompareStage(_stages).RunAsync(
            recipe, plan, command, terminal.Clock, progress, Warn, cancellation));
        var page = report.Write(recipe.Runs.Comparison);
        terminal.Say(report.ToMarkdown());
        terminal.Say($"This report is in {page}.");
        var result = (JsonObject)JsonNode.Parse(report.ToJson())!;
        result["report"] = page;
        terminal.Result(result);

        var failed = report.Cells.Count(cell => cell.Fault is not null);
        if (failed > 0)
        {
            terminal.Note(string.Create(CultureInfo.InvariantCulture, $"{failed} of {report.Cells.Count} runs failed; the report says why."));
        }

        return failed == 0 ? ExitCode.Success : ExitCode.Failure;

        void Warn(string line)
        {
            if (warnings.Add(line))     // every run would say the same
            {
                terminal.Note(line);
            }
        }
    }

    private ComparisonPlan Plan(ParseResult words)
    {
        try
        {
            return new(words.GetRequiredValue(_arms), words.GetRequiredValue(_fractions), words.GetRequiredValue(_seeds));
        }
        catch (StepDistillException e)
        {
            throw new WrongUsageException(e.Message);
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
