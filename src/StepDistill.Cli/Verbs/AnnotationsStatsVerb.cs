using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using StepDistill.Annotations;
using StepDistill.Cli.Rendering;
using StepDistill.Cli.Stages;

namespace StepDistill.Cli.Verbs;

/// <summary><c>stepdistill annotations stats RECIPE</c>: how many rows have a readable answer, and how many of those are right.</summary>
internal sealed class AnnotationsStatsVerb : Verb
{
    private readonly RecipeWords _recipe = new();
    private readonly AnnotateStage _annotate;

    /// <summary>Creates the verb.</summary>
    public AnnotationsStatsVerb(StageSet stages)
        : base(
            "stats",
            "Counts readable and right answers of each split, says how far the teacher agrees with gold and with itself, and what "
            + "teacher.keep leaves out. Recorded answers that are not stored yet are read first, for they cost nothing.",
            "annotations stats recipe.jsonc --json")
    {
        _annotate = new(stages.Teacher);
        _recipe.AddTo(this);
    }

    /// <inheritdoc/>
    protected override async Task<int> RunAsync(ParseResult words, Terminal terminal, CancellationToken cancellation)
    {
        var recipe = _recipe.Open(words);
        if (AnnotateStage.IsFree(recipe))
        {
            await terminal.WithProgressAsync("Reading recorded answers", progress => _annotate.RunAsync(
                recipe, [.. recipe.Splits.All], rows: 0, retryFailed: false, maxCost: null, AnnotateVerb.Relay(progress), cancellation));
        }

        var splits = new JsonObject();
        var rows = new List<string[]>();
        var faults = new List<string>();
        var reports = new List<(string Split, TeacherReport Report)>();
        foreach (var split in recipe.Splits.All)
        {
            var counts = await _annotate.StatisticsAsync(recipe, split, cancellation);
            var json = Json(counts[0]);
            if (counts.Count > 1)
            {
                json["answers"] = new JsonArray([.. counts.Select(count => (JsonNode)Json(count))]);
            }

            var report = await _annotate.ReportAsync(recipe, split, cancellation);
            reports.Add((split.Name, report));
            json["teacher"] = TeacherReportText.Json(report);
            splits[split.Name] = json;
            rows.AddRange(counts.Select((count, answer) => new[]
            {
                NameOf(split.Name, counts.Count, answer), Number(count.Rows), Number(count.WithGold), Number(count.WithTeacher), Number(count.Readable),
                Number(count.Correct), count.Accuracy is { } accuracy ? accuracy.ToString("P2", CultureInfo.InvariantCulture) : "–",
                count.RationaleWords is { } length ? length.Mean.ToString("0.0", CultureInfo.InvariantCulture) : "–",
                Cost(count), count.CostPerUsefulRow is { } each ? Estimates.Dollars(each) : "–",
            }));
            faults.AddRange(counts.SelectMany((count, answer) => count.Faults.Select(
                fault => $"  {NameOf(split.Name, counts.Count, answer)}: {Number(fault.Rows)} × {fault.Fault}")));
        }

        foreach (var line in TextTable.Lines(
            ["split", "rows", "with gold", "answered", "readable", "correct", "accuracy", "words a rationale", "cost", "cost per useful row"], rows))
        {
            terminal.Say(line);
        }

        foreach (var line in reports.Where(one => one.Report.Answers > 0).SelectMany(one => TeacherReportText.Lines(one.Split, one.Report)))
        {
            terminal.Say(line);
        }

        if (faults.Count > 0)
        {
            terminal.Say();
            terminal.Say("Why answers have no label:");
            faults.ForEach(terminal.Say);
        }

        var (cost, priced, unpriced) = await AnnotateStage.SpentAsync(recipe, cancellation);
        if (cost is { } spent)
        {
            terminal.Say();
            terminal.Say($"All {Number(priced)} answers with a price that are stored for this recipe, whatever was asked: {Estimates.Dollars(spent)}."
                + (unpriced > 0 ? $" {Number(unpriced)} more have none." : ""));
        }

        terminal.Result(new JsonObject
        {
            ["recipe"] = recipe.Recipe.Name,
            ["splits"] = splits,
            ["cost"] = cost,
            ["priced"] = priced,
            ["unpriced"] = unpriced,
        });
        return ExitCode.Success;
    }

    /// <summary>A split's name, with the number of the answer where the teacher gives several.</summary>
    private static string NameOf(string split, int answers, int answer) =>
        answers == 1 ? split : string.Create(CultureInfo.InvariantCulture, $"{split}, answer {answer + 1}");

    private static JsonObject Json(AnnotationStatistics count) => new()
    {
        ["rows"] = count.Rows,
        ["with_gold"] = count.WithGold,
        ["with_teacher"] = count.WithTeacher,
        ["readable"] = count.Readable,
        ["correct"] = count.Correct,
        ["accuracy"] = count.Accuracy,
        ["cost"] = count.Cost,
        ["priced"] = count.Priced,
        ["cost_per_useful_row"] = count.CostPerUsefulRow,
        ["statuses"] = new JsonObject(count.Statuses.OrderBy(pair => pair.Key).Select(
            pair => KeyValuePair.Create(pair.Key.ToString().ToLowerInvariant(), (JsonNode?)pair.Value))),
        ["faults"] = new JsonArray([.. count.Faults.Select(
            fault => (JsonNode)new JsonObject { ["fault"] = fault.Fault, ["rows"] = fault.Rows })]),
        ["rationale_words"] = count.RationaleWords is { } length
            ? new JsonObject { ["mean"] = length.Mean, ["p95"] = length.P95, ["max"] = length.Max }
            : null,
    };

    /// <summary>What the answers cost; at least that, where some have no price.</summary>
    private static string Cost(AnnotationStatistics count) => count.Cost is not { } cost ? "–"
        : (count.Priced < count.Statuses.Values.Sum() ? "≥ " : "") + Estimates.Dollars(cost);

    private static string Number(long value) => value.ToString("N0", CultureInfo.InvariantCulture);
}
