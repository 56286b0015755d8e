using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using StepDistill.Annotations;
using StepDistill.Cli.Rendering;
using StepDistill.Cli.Stages;
using StepDistill.Teachers;

namespace StepDistill.Cli.Verbs;

/// <summary><c>stepdistill annotate RECIPE</c>: asks the teacher about every row that is not answered yet.</summary>
internal sealed class AnnotateVerb : Verb
{
    private readonly RecipeWords _recipe = new();

    private readonly Option<string[]> _splits = new("--split")
    {
        Description = "Which rows: train, validation or test; may be repeated. Without it all of them for recorded answers, "
            + "and the training rows for a model behind an API.",
        DefaultValueFactory = _ => [],
    };

    private readonly Option<bool> _retryFailed = new("--retry-failed")
    {
        Description = "Asks again about rows to which no reply came.",
    };

    private readonly Option<decimal?> _maxCost = MaxCost();

    private readonly Option<bool> _dryRun = new("--dry-run")
    {
        Description = "Says how many questions would be asked, and about what they would cost, then stops.",
    };

    private readonly BatchWords _batch;
    private readonly AnnotateStage _annotate;

    /// <summary>Creates the verb.</summary>
    public AnnotateVerb(StageSet stages)
        : base(
            "annotate",
            "Asks the teacher about every row that is not answered yet, and stores the answers. Ctrl-C waits for the answers "
            + "under way and keeps them.",
            "annotate recipe.jsonc",
            "annotate recipe.jsonc --dry-run",
            "annotate recipe.jsonc --max-cost 2.50",
            "annotate recipe.jsonc --batch --wait")
    {
        _annotate = new(stages.Teacher);
        _batch = new(stages);
        _recipe.AddTo(this);
        Options.Add(_splits);
        Options.Add(_retryFailed);
        Options.Add(_maxCost);
        Options.Add(_dryRun);
        _batch.AddTo(this);
    }

    /// <summary>The option of every verb that asks a teacher for money.</summary>
    internal static Option<decimal?> MaxCost()
    {
        var option = new Option<decimal?>("--max-cost")
        {
            Description = "Dollars that this command may spend. It stops before the first question that could cost more than is left; "
                + "the same command goes on from there.",
            HelpName = "dollars",
        };
        option.Validators.Add(word =>
        {
            if (word.Tokens is [{ Value: var text }, ..]
                && !(decimal.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var dollars) && dollars > 0))
            {
                word.AddError($"--max-cost is '{text}'; it must be a number of dollars above 0, such as 2.50.");
            }
        });
        return option;
    }

    /// <inheritdoc/>
    protected override async Task<int> RunAsync(ParseResult words, Terminal terminal, CancellationToken cancellation)
    {
        var recipe = _recipe.Open(words);
        var names = words.GetRequiredValue(_splits);
        var splits = names.Length == 0 ? AnnotateStage.DefaultSplits(recipe) : [.. names.Select(recipe.Split)];
        var (needs, estimator) = await _annotate.PlanAsync(recipe, splits, cancellation);
        var retry = words.GetValue(_retryFailed);
        var estimate = estimator.Estimate(retry);
        var (stored, failed) = (needs.Sum(need => need.Stored), needs.Sum(need => need.Failed));
        var ask = needs.Sum(need => need.ToAsk) + (retry ? failed : 0);
        var batched = needs.Sum(need => need.Batched);
        var inBatches = batched > 0 ? Invariant($", {batched:N0} in batches") : "";
        terminal.Say(Invariant($"{recipe.Recipe.Name}: {stored:N0} stored{inBatches}, {ask:N0} to ask{Estimates.About(recipe, estimate)}"));
        if (needs.Sum(need => need.CannotAsk) is > 0 and var cannot)
        {
            terminal.Say(Invariant($"{cannot:N0} {(cannot == 1 ? "row" : "rows")} cannot be asked about: {Missing(recipe)}."));
        }

        if (ask > 0 && recipe.Recipe.Teacher is { Name: "chat", Output: "auto" } && !_batch.AreIn(words))
        {
            terminal.Say("One request more will show whether the server enforces a JSON schema.");
        }

        var result = new JsonObject
        {
            ["recipe"] = recipe.Recipe.Name,
            ["store"] = recipe.Runs.Annotations,
            ["splits"] = new JsonObject(needs.Select(need => KeyValuePair.Create(need.Split, (JsonNode?)new JsonObject
            {
                ["rows"] = need.Rows,
                ["stored"] = need.Stored,
                ["to_ask"] = need.ToAsk,
                ["failed"] = need.Failed,
                ["cannot_ask"] = need.CannotAsk,
                ["batched"] = need.Batched,
            }))),
            ["estimate"] = Estimates.Json(estimate),
            ["asked"] = 0,
        };
        if (_batch.AreIn(words) && words.GetValue(_maxCost) is not null)
        {
            throw new WrongUsageException("--max-cost cannot be kept with --batch, whose costs come a day later. Leave one of them out; --split and --dry-run tell what a batch would hold.");
        }

        if (_batch.AreIn(words) && !words.GetValue(_dryRun))
        {
            return await _batch.RunAsync(recipe, splits, retry, _recipe.PathOf(words)!, words, result, terminal, cancellation);
        }

        if (batched > 0 && !_batch.AreIn(words))
        {
            terminal.Note(Invariant($"{batched:N0} questions are in batches and are not asked online; stepdistill annotate {_recipe.PathOf(words)} --batch collects their answers."));
        }

        if (ask > 0 && !words.GetValue(_dryRun))
        {
            var end = await terminal.WithProgressAsync("Annotating", progress => _annotate.RunAsync(
                recipe, splits, needs.Sum(need => need.Rows), retry, words.GetValue(_maxCost), Relay(progress), cancellation));
            result["asked"] = end.Asked;
            result["statuses"] = new JsonObject(end.Statuses.OrderBy(pair => pair.Key).Select(
                pair => KeyValuePair.Create(pair.Key.ToString().ToLowerInvariant(), (JsonNode?)pair.Value)));
            terminal.Say($"Asked {end.Asked.ToString("N0", CultureInfo.InvariantCulture)}: {Describe(end.Statuses)}.");
            end.Notes.ToList().ForEach(terminal.Say);
            result["notes"] = new JsonArray([.. end.Notes.Select(note => (JsonNode)note)]);
            terminal.Say($"Next: stepdistill annotations stats {_recipe.PathOf(words)}");
        }

        terminal.Result(result);
        return ExitCode.Success;
    }

    /// <summary>Turns a run's progress into the terminal's.</summary>
    internal static IProgress<AnnotationProgress> Relay(IProgress<Progress> progress) => new Relay<AnnotationProgress>(
        value => progress.Report(new(
            value.Examples,
            0,
            value.Paused ?? (value.Statuses.Count == 0 ? "" : Describe(value.Statuses)))));

    private static string Missing(OpenedRecipe recipe) => recipe.Recipe.Teacher.Rationale == "for-gold"
        ? "no gold label, which teacher.rationale 'for-gold' gives (or no input)"
        : "no input";

    internal static string Describe(IReadOnlyDictionary<AnnotationStatus, long> statuses) => statuses.Values.Sum() == 0
        ? "nothing"
        : string.Join(", ", statuses.Where(pair => pair.Value > 0).OrderBy(pair => pair.Key)
            .Select(pair => Invariant($"{pair.Value:N0} {NameOf(pair.Key)}")));

    private static string NameOf(AnnotationStatus status) => status == AnnotationStatus.Ok ? "readable" : status.ToString().ToLowerInvariant();

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
