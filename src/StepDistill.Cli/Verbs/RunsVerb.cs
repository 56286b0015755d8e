using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using StepDistill.Cli.Rendering;
using StepDistill.Evaluation;
using StepDistill.Runs;

namespace StepDistill.Cli.Verbs;

/// <summary><c>stepdistill runs</c>: lists runs with their state and scores.</summary>
internal sealed class RunsVerb : Verb
{
    private readonly Option<string> _runs = new("--runs")
    {
        Description = "The folder of all runs.",
        HelpName = "folder",
        DefaultValueFactory = _ => RecipeFolder.DefaultRoot,
    };

    /// <summary>Creates the verb.</summary>
    public RunsVerb()
        : base("runs", "Lists all runs with their state and scores.", "runs", "runs --json") => Options.Add(_runs);

    /// <inheritdoc/>
    protected override Task<int> RunAsync(ParseResult words, Terminal terminal, CancellationToken cancellation)
    {
        var folder = words.GetRequiredValue(_runs);
        var runs = RunList.Read(folder);
        if (runs.Count == 0)
        {
            terminal.Say($"There are no runs in {folder}. Begin with: stepdistill run RECIPE");
        }
        else
        {
            foreach (var line in TextTable.Lines(["recipe", "run", "state", "step", "of", "validation", "test"], runs.Select(Row)))
            {
                terminal.Say(line);
            }
        }

        foreach (var run in runs.Where(run => run.Fault is not null))
        {
            terminal.Say($"{run.Recipe}/{run.Folder.Name} failed: {run.Fault}");
        }

        terminal.Result(new JsonObject { ["runs"] = new JsonArray([.. runs.Select(run => (JsonNode)Json(run))]) });
        return Task.FromResult(ExitCode.Success);
    }

    private static string[] Row(RunSummary run) =>
    [
        run.Recipe,
        run.Folder.Name,
        run.State.ToString().ToLowerInvariant(),
        run.Step.ToString("N0", CultureInfo.InvariantCulture),
        run.MaxSteps?.ToString("N0", CultureInfo.InvariantCulture) ?? "–",
        run.BestScore is { } best ? EvaluationReportText.Share(best) : "–",
        TestOf(run) is { } test ? EvaluationReportText.Share(test.Accuracy) : "–",
    ];

    private static JsonObject Json(RunSummary run) => new()
    {
        ["recipe"] = run.Recipe,
        ["run"] = run.Folder.Name,
        ["folder"] = run.Folder.Root,
        ["state"] = run.State.ToString().ToLowerInvariant(),
        ["step"] = run.Step,
        ["max_steps"] = run.MaxSteps,
        ["validation"] = run.BestScore,
        ["test"] = TestOf(run)?.Accuracy,
        ["fault"] = run.Fault,
    };

    private static EvaluationReport? TestOf(RunSummary run) => EvaluationReport.Read(run.Folder.Evaluation("test"));
}
