using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using StepDistill.Cli.Rendering;
using StepDistill.Cli.Stages;
using StepDistill.Tasks;
using StepDistill.Teachers.BatchJobs;

namespace StepDistill.Cli.Verbs;

/// <summary>The words by which <c>annotate</c> is told to ask in batches, and what it then does and says.</summary>
/// <param name="stages">What the verb stands on.</param>
internal sealed class BatchWords(StageSet stages)
{
    private readonly Option<bool> _batch = new("--batch")
    {
        Description = "Asks through the server's batch interface: about half the price, within a day. Collects what is answered, "
            + "submits what is to ask, and says what is open; run it again to go on.",
    };

    private readonly Option<bool> _wait = new("--wait")
    {
        Description = "With --batch: waits until every batch has ended and its answers are stored. Ctrl-C leaves them at the server.",
    };

    private readonly BatchStage _stage = new(stages);

    /// <summary>Adds the words to a verb.</summary>
    public void AddTo(Command verb)
    {
        verb.Options.Add(_batch);
        verb.Options.Add(_wait);
        verb.Validators.Add(words =>
        {
            if (words.GetValue(_wait) && !words.GetValue(_batch))
            {
                words.AddError("--wait goes with --batch only; without it annotate waits for every answer anyway.");
            }
        });
    }

    /// <summary>Whether batches are asked for.</summary>
    public bool AreIn(ParseResult words) => words.GetValue(_batch);

    /// <summary>Works with batches and reports.</summary>
    /// <param name="recipe">The recipe.</param>
    /// <param name="splits">Which rows.</param>
    /// <param name="retryFailed">Whether to ask again where no reply came.</param>
    /// <param name="path">The recipe's path as it was typed.</param>
    /// <param name="words">What was typed.</param>
    /// <param name="result">The verb's result, to be completed and written.</param>
    /// <param name="terminal">Where results and messages go.</param>
    /// <param name="cancellation">The user wants to stop.</param>
    /// <returns>One of <see cref="ExitCode"/>.</returns>
    public async Task<int> RunAsync(
        OpenedRecipe recipe, IReadOnlyList<TaskSplit> splits, bool retryFailed, string path,
        ParseResult words, JsonObject result, Terminal terminal, CancellationToken cancellation)
    {
        var newest = new BatchProgress();
        BatchProgress end;
        try
        {
            end = await terminal.WithProgressAsync("Batches", progress => _stage.RunAsync(
                recipe, splits, retryFailed, words.GetValue(_wait), new Relay<BatchProgress>(value => progress.Report(Describe(newest = value))), cancellation));
        }
        catch (Exception) when (newest.Open.Count > 0)
        {
            terminal.Note($"{Batches(newest.Open.Count)} with {Number(newest.Waiting)} questions stay open at the server; stepdistill annotate {path} --batch collects what they bring.");
            throw;
        }

        Say(end, path, words.GetValue(_wait), terminal);
        Complete(result, end);
        terminal.Result(result);
        return end.Faults.Count > 0 ? ExitCode.Failure : ExitCode.Success;
    }

    private static Progress Describe(BatchProgress value)
    {
        var taken = value.Statuses.Values.Sum();
        var states = value.Open.CountBy(batch => batch.State).OrderBy(pair => pair.Key)
            .Select(pair => $"{pair.Value} {pair.Key.NameOf()}");
        var failed = value.Open.Sum(batch => batch.Failed);
        var detail = value.Open.Count == 0
            ? ""
            : $"{Batches(value.Open.Count)} open ({string.Join(", ", states)}), {Number(failed)} failed";
        return new(taken + value.Open.Sum(batch => batch.Completed + batch.Failed), taken + value.Waiting, detail);
    }

    private static void Say(BatchProgress end, string path, bool wait, Terminal terminal)
    {
        if (end.Statuses.Count > 0)
        {
            terminal.Say($"Collected {Number(end.Statuses.Values.Sum())}: {AnnotateVerb.Describe(end.Statuses)}.");
        }

        foreach (var (count, what) in new[]
        {
            (end.Unasked, "came back unasked: their batch ended before; they are asked again"),
            (end.Repeated, "answers were repetitions, of which the first counts"),
            (end.Unknown, "answers belong to no question of their batch and were left out"),
            (end.Garbage, "lines were no answers and were left out"),
            (end.Unclaimed, "answers belong to rows or settings other than these; they are kept until annotate --batch meets them"),
        })
        {
            if (count > 0)
            {
                terminal.Say($"{Number(count)} {what}.");
            }
        }

        if (end.Submitted > 0)
        {
            terminal.Say($"Submitted {Number(end.Submitted)} in {Batches(end.Batches)}.");
        }

        foreach (var batch in end.Open)
        {
            var until = batch.Expires is { } expires ? string.Create(CultureInfo.InvariantCulture, $", until {expires:yyyy-MM-dd HH:mm} UTC") : "";
            terminal.Say($"{batch.Id}: {batch.State.NameOf()}, {Number(batch.Completed)} of {Number(batch.Requests)} answered, {Number(batch.Failed)} failed{until}");
        }

        foreach (var fault in end.Faults)
        {
            terminal.Note(fault);
        }

        if (end.Left > 0)
        {
            terminal.Say($"{Number(end.Left)} are still to be submitted, when there is room.");
        }

        terminal.Say(end.Open.Count > 0
            ? $"Next: stepdistill annotate {path} --batch{(wait ? "" : ", which collects what is done by then; --wait waits for it")}"
            : $"Next: stepdistill annotations stats {path}");
    }

    private static void Complete(JsonObject result, BatchProgress end)
    {
        result["submitted"] = end.Submitted;
        result["left"] = end.Left;
        result["statuses"] = new JsonObject(end.Statuses.OrderBy(pair => pair.Key).Select(
            pair => KeyValuePair.Create(pair.Key.ToString().ToLowerInvariant(), (JsonNode?)pair.Value)));
        result["unasked"] = end.Unasked;
        result["repeated"] = end.Repeated;
        result["unknown"] = end.Unknown;
        result["garbage"] = end.Garbage;
        result["unclaimed"] = end.Unclaimed;
        result["faults"] = new JsonArray([.. end.Faults.Select(fault => (JsonNode?)fault)]);
        result["open"] = new JsonArray([.. end.Open.Select(batch => (JsonNode?)new JsonObject
        {
            ["id"] = batch.Id,
            ["state"] = batch.State.NameOf(),
            ["requests"] = batch.Requests,
            ["completed"] = batch.Completed,
            ["failed"] = batch.Failed,
            ["expires"] = batch.Expires?.ToString("O", CultureInfo.InvariantCulture),
        })]);
    }

    private static string Batches(long count) => count == 1 ? "1 batch" : $"{Number(count)} batches";

    private static string Number(long value) => value.ToString("N0", CultureInfo.InvariantCulture);
}
