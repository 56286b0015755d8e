using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using StepDistill.Cli.Rendering;
using StepDistill.Cli.Stages;
using StepDistill.Evaluation.Statistics;

namespace StepDistill.Cli.Verbs;

/// <summary><c>stepdistill waves RECIPE</c>: annotates part by part until the next part would not pay.</summary>
internal sealed class WavesVerb : Verb
{
    private readonly RecipeWords _recipe = new();
    private readonly Option<decimal?> _maxCost = AnnotateVerb.MaxCost();
    private readonly WavesStage _waves;

    /// <summary>Creates the verb.</summary>
    public WavesVerb(StageSet stages)
        : base(
            "waves",
            "Asks the teacher about a part of the rows, trains, and looks at the learning curve; goes on with the rows that the "
            + "student is least sure of, until the next part is expected to add less than waves.min_gain. Stop it whenever you "
            + "like; the same command goes on.",
            "waves recipe.jsonc --set waves.rows=500 --set waves.min_gain=0.5")
    {
        _waves = new(stages);
        _recipe.AddTo(this);
        Options.Add(_maxCost);
    }

    /// <inheritdoc/>
    protected override async Task<int> RunAsync(ParseResult words, Terminal terminal, CancellationToken cancellation)
    {
        var recipe = _recipe.Open(words);
        var result = await terminal.WithProgressAsync("Annotating until it is enough", progress => _waves.RunAsync(
            recipe, words.GetValue(_maxCost), (wave, next) => terminal.Note(Line(wave, next, recipe.Recipe.Waves.Rows)), progress, terminal.Note, cancellation));
        terminal.Say(result.End switch
        {
            WavesEnd.Enough => Invariant(
                $"Enough: {recipe.Recipe.Waves.Rows:N0} more rows are expected to add {Points(result.Next!.Value)}, and the recipe asks for {recipe.Recipe.Waves.MinGain:0.##}."),
            WavesEnd.NoMoreRows => "Every training row has been asked about.",
            _ => Invariant($"After {result.Waves.Count} waves the recipe allows no more (waves.max_waves)."),
        });
        foreach (var line in TextTable.Lines(
            ["wave", "rows", "validation accuracy", "95 % interval"],
            result.Waves.Select(wave => new[]
            {
                Invariant($"{wave.Number}"), Invariant($"{wave.Rows:N0}"), Invariant($"{wave.Accuracy:P1}"),
                Interval(ConfidenceInterval.Wilson(wave.Correct, wave.Measured)),
            })))
        {
            terminal.Say(line);
        }

        if (result.Waves.Count > 0)
        {
            var run = recipe.Runs.Wave(result.Waves.Count).Run(recipe.Recipe.Training);
            terminal.Say($"The last wave's student is in {run.Student}.");
        }

        terminal.Result(new JsonObject
        {
            ["recipe"] = recipe.Recipe.Name,
            ["end"] = result.End switch { WavesEnd.Enough => "enough", WavesEnd.NoMoreRows => "no_more_rows", _ => "max_waves" },
            ["waves"] = new JsonArray([.. result.Waves.Select(wave => (JsonNode)new JsonObject
            {
                ["wave"] = wave.Number, ["rows"] = wave.Rows, ["correct"] = wave.Correct, ["measured"] = wave.Measured, ["accuracy"] = wave.Accuracy,
            })]),
            ["next_wave"] = result.Next is { } next
                ? new JsonObject { ["gain"] = next.Value, ["low"] = next.Interval.Low, ["high"] = next.Interval.High }
                : null,
        });
        return ExitCode.Success;
    }

    private static string Line(Wave wave, Foretold? next, int rows) => Invariant(
        $"wave {wave.Number}: {wave.Rows:N0} rows, {wave.Accuracy:P1} of {wave.Measured:N0} validation rows right")
        + (next is { } gain ? Invariant($"; {rows:N0} more rows are expected to add {Points(gain)}") : "");

    private static string Points(Foretold gain) => Invariant(
        $"{100 * gain.Value:0.0} points (95 % interval {100 * gain.Interval.Low:0.0} to {100 * gain.Interval.High:0.0})");

    private static string Interval(ConfidenceInterval interval) => Invariant($"{100 * interval.Low:0.0} to {100 * interval.High:0.0} %");

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
