using System.CommandLine;
using System.Globalization;
using StepDistill.Cli.Rendering;
using StepDistill.Cli.Stages;
using StepDistill.Teachers.Prices;

namespace StepDistill.Cli.Verbs;

/// <summary><c>stepdistill estimate RECIPE</c>: what annotating will take, in tokens, dollars and time, before anybody is paid.</summary>
internal sealed class EstimateVerb : Verb
{
    private readonly RecipeWords _recipe = new();

    private readonly Option<string[]> _splits = new("--split")
    {
        Description = "Which rows: train, validation or test; may be repeated. Without it all of them for recorded answers, "
            + "and the training rows for a model behind an API.",
        DefaultValueFactory = _ => [],
    };

    private readonly Option<int?> _pilot = new("--pilot")
    {
        Description = "Asks about so many rows, drawn by chance, and measures the tokens of their answers, which are stored. "
            + "Rows that are answered already count. Without it nobody is asked.",
        HelpName = "rows",
    };

    private readonly AnnotateStage _annotate;

    /// <summary>Creates the verb.</summary>
    public EstimateVerb(StageSet stages)
        : base(
            "estimate",
            "Says what annotating will take: questions, tokens, dollars and time. Nobody is asked, unless --pilot allows some questions.",
            "estimate recipe.jsonc",
            "estimate recipe.jsonc --pilot 50")
    {
        _annotate = new(stages.Teacher);
        _recipe.AddTo(this);
        Options.Add(_splits);
        Options.Add(_pilot);
        _pilot.Validators.Add(word =>
        {
            if (word.Tokens is [{ Value: var text }, ..]
                && !(int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var rows) && rows >= Estimator.FewestMeasured))
            {
                word.AddError($"--pilot is '{text}'; it must be at least {Estimator.FewestMeasured}, for fewer answers tell nothing about others.");
            }
        });
    }

    /// <inheritdoc/>
    protected override async Task<int> RunAsync(ParseResult words, Terminal terminal, CancellationToken cancellation)
    {
        var recipe = _recipe.Open(words);
        var names = words.GetRequiredValue(_splits);
        var splits = names.Length == 0 ? AnnotateStage.DefaultSplits(recipe) : [.. names.Select(recipe.Split)];
        var asked = words.GetValue(_pilot) is { } pilot && !AnnotateStage.IsFree(recipe)
            ? await terminal.WithProgressAsync("Asking the pilot's questions", progress => _annotate.PilotAsync(
                recipe, splits, pilot, AnnotateVerb.Relay(progress), cancellation))
            : 0;
        var (needs, estimator) = await _annotate.PlanAsync(recipe, splits, cancellation);
        var estimate = estimator.Estimate();
        terminal.Say(Invariant(
            $"{recipe.Recipe.Name}: {needs.Sum(need => need.Rows):N0} rows, {needs.Sum(need => need.Stored):N0} answers stored, {estimate.ToAsk:N0} questions to ask"));
        if (AnnotateStage.IsFree(recipe))
        {
            terminal.Say("Recorded answers cost nothing.");
        }
        else
        {
            Say(terminal, recipe, estimate, asked);
        }

        var result = Estimates.Json(estimate);
        result.Insert(0, "recipe", recipe.Recipe.Name);
        result.Insert(1, "rows", needs.Sum(need => need.Rows));
        result.Insert(2, "stored", needs.Sum(need => need.Stored));
        result.Insert(3, "failed", needs.Sum(need => need.Failed));
        result.Insert(4, "asked", asked);
        terminal.Result(result);
        return ExitCode.Success;
    }

    private static void Say(Terminal terminal, OpenedRecipe recipe, CostEstimate estimate, long asked)
    {
        if (asked > 0)
        {
            terminal.Say(Invariant($"{asked:N0} questions were asked for this estimate; their answers are stored."));
        }

        terminal.Say();
        foreach (var line in Estimates.Table(estimate))
        {
            terminal.Say(line);
        }

        terminal.Say();
        terminal.Say(estimate.Measured > 0
            ? Invariant($"Rests on {estimate.Measured:N0} stored answers of this teacher: 95 % intervals, if the other rows are of the same kind.")
            : Invariant($"Fewer than {Estimator.FewestMeasured} answers of this teacher have been counted: guessed from the prompts' lengths, from and to are bounds. ")
                + "Measure with --pilot 50.");
        var teacher = recipe.Recipe.Teacher;
        terminal.Say(estimate.Price is { } price
            ? Invariant($"Price: ${price.Input} for a million tokens of prompts, ${price.Output} of replies ({price.Source}). Prices change: teacher.price sets it.")
            : $"The price of {teacher.Model} at {teacher.Endpoint ?? teacher.Provider} is not known; set teacher.price or teacher.prices.");
        if (estimate.Price is { CachedInput: { } cached } && cached < estimate.Price.Input)
        {
            terminal.Say(Invariant($"Prompt tokens that the provider still has cost ${cached}; nobody knows how many those will be, so none are assumed."));
        }

        if (estimate.Time is { } time)
        {
            terminal.Say($"Time: at least {Duration.Show(time)}, by {estimate.LimitedBy}; the server's own limits come on top.");
        }
    }

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
