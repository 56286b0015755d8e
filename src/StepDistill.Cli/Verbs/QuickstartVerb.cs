using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using StepDistill.Annotations;
using StepDistill.Cli.Quickstart;
using StepDistill.Cli.Rendering;
using StepDistill.Cli.Stages;
using StepDistill.Evaluation.Comparisons;

namespace StepDistill.Cli.Verbs;

/// <summary><c>stepdistill quickstart</c>: the whole way on a built-in task, without network or keys.</summary>
internal sealed class QuickstartVerb : Verb
{
    private readonly Option<string> _out = new("--out")
    {
        Description = "The folder for everything that is made. Where it holds a quickstart already, what is done is not done again.",
        HelpName = "folder",
        DefaultValueFactory = _ => "quickstart",
    };

    private readonly StageSet _stages;
    private readonly QuickstartSize _size;

    /// <summary>Creates the verb.</summary>
    /// <param name="stages">What it stands on.</param>
    /// <param name="size">How much is done; tests do less.</param>
    public QuickstartVerb(StageSet stages, QuickstartSize? size = null)
        : base(
            "quickstart",
            "Shows the whole way in minutes, without network or keys: a built-in task, a simulated teacher, two ways to train "
            + "compared over several seeds, and a student to ask.",
            "quickstart",
            "quickstart --out my-first-student")
    {
        _stages = stages;
        _size = size ?? new();
        Options.Add(_out);
    }

    /// <inheritdoc/>
    protected override async Task<int> RunAsync(ParseResult words, Terminal terminal, CancellationToken cancellation)
    {
        var start = terminal.Clock.GetTimestamp();
        var rows = QuickstartRows.Draw(_size);
        var project = QuickstartProject.Prepare(words.GetRequiredValue(_out), rows, _size);
        var run = new QuickstartRun(_stages, project, _size);

        SayTask(terminal, rows);
        var teacher = await run.AnnotateAsync(terminal, cancellation);
        await SayTeacherAsync(terminal, run, teacher, cancellation);
        SayTraining(terminal);
        var (report, page) = await run.CompareAsync(terminal, cancellation);
        SayComparison(terminal, report);
        var answers = QuickstartWords.Difference(report) is null ? [] : run.Ask(Questions(rows), cancellation);
        SayAnswers(terminal, answers);
        SayNext(terminal, project, run, page, terminal.Clock.GetElapsedTime(start));

        terminal.Result(Result(project, run, teacher, report, page, answers));
        return report.Cells.All(cell => cell.Fault is null) ? ExitCode.Success : ExitCode.Failure;
    }

    private void SayTask(Terminal terminal, QuickstartRows rows)
    {
        var example = rows.Train[0];
        terminal.Say("1. A task");
        terminal.Say();
        terminal.Say($"     {example.Input}");
        terminal.Say($"     {example.Label}");
        terminal.Say();
        terminal.Say(Text($"   {_size.TrainRows:N0} such questions with right answers to learn from, {_size.ValidationRows:N0} to choose by, {_size.TestRows:N0} to measure with."));
        terminal.Say("   No two of these share their pair of things.");
        terminal.Say();
    }

    private static async Task SayTeacherAsync(
        Terminal terminal, QuickstartRun run, AnnotationStatistics teacher, CancellationToken cancellation)
    {
        var first = await run.AnnotatedAsync(cancellation).FirstAsync(cancellation);
        terminal.Say("2. A teacher");
        terminal.Say();
        terminal.Say("   Here it is a SIMULATED one: a small program in the place of a large language model. It gives reasons:");
        terminal.Say();
        terminal.Say($"     {first.Annotation?.Rationale}");
        terminal.Say();
        terminal.Say(Text(
            $"   and is made to err in {SimulatedTeacher.MistakeShare:P0} of its answers: {teacher.Correct:N0} of these {teacher.Rows:N0} labels are right. Wrong reasons are used like the others."));
        terminal.Say();
    }

    private void SayTraining(Terminal terminal)
    {
        terminal.Say("3. Students");
        terminal.Say();
        terminal.Say("   finetune      learns question -> right answer");
        terminal.Say("   step-by-step  learns question -> right answer, and question -> the teacher's reasons");
        terminal.Say(Text($"   The same network from random weights, the same rows, the same {_size.Steps:N0} steps; {_size.Seeds.Count} seeds each."));
        terminal.Say();
    }

    private static void SayComparison(Terminal terminal, ComparisonReport report)
    {
        terminal.Say();
        foreach (var line in QuickstartWords.Table(report))
        {
            terminal.Say($"   {line}");
        }

        terminal.Say();
        foreach (var line in QuickstartWords.Conclusion(report))
        {
            terminal.Say($"   {line}");
        }

        terminal.Say();
    }

    private static void SayAnswers(Terminal terminal, IReadOnlyList<QuickstartAnswer> answers)
    {
        if (answers.Count == 0)
        {
            return;
        }

        terminal.Say("4. Ask a student (step-by-step, first seed), about things that it never saw together");
        terminal.Say();
        foreach (var answer in answers)
        {
            terminal.Say($"     {answer.Row.Input}");
            terminal.Say($"     {answer.Said.Label}{(answer.IsRight ? "" : $"   (wrong: {answer.Row.Label})")}");
            terminal.Say($"       because: {answer.Said.Rationale}");
        }

        terminal.Say();
    }

    private static void SayNext(Terminal terminal, QuickstartProject project, QuickstartRun run, string page, TimeSpan took)
    {
        terminal.Say($"Done in {Duration.Show(took)}. What is done is kept: the same command skips it; delete {project.Folder} to start afresh.");
        terminal.Say($"  the report     {page}");
        terminal.Say($"  the student    {Path.Combine(run.StudentRun, "student")}");
        terminal.Say($"  the recipe     {project.Recipe}");
        terminal.Say();
        terminal.Say("Next:");
        terminal.Say($"  stepdistill predict {run.StudentRun} \"{ThingsGame.Question("kite", "sword")}\" --rationale");
        terminal.Say($"  stepdistill export {run.StudentRun}");
        terminal.Say("                                  ready for work in any process, with its proof; then serve, or OnnxStudent in a program");
        terminal.Say($"  {run.ControlCommand}");
        terminal.Say("                                  adds a control that learns from shuffled reasons: how much is due to what they say?");
        terminal.Say("  stepdistill init my-task        begins a project with rows of your own: put them into my-task/data,");
        terminal.Say("                                  name a real teacher in my-task/recipe.jsonc (its comments say how), then");
        terminal.Say("  stepdistill run my-task/recipe.jsonc");
    }

    /// <summary>One question for each label.</summary>
    private static IReadOnlyList<QuickstartRow> Questions(QuickstartRows rows) =>
        [.. rows.Test.DistinctBy(row => row.Label)];

    private static JsonObject Result(
        QuickstartProject project,
        QuickstartRun run,
        AnnotationStatistics teacher,
        ComparisonReport report,
        string page,
        IReadOnlyList<QuickstartAnswer> answers) => new()
    {
        ["folder"] = project.Folder,
        ["recipe"] = project.Recipe,
        ["report"] = page,
        ["student"] = Path.Combine(run.StudentRun, "student"),
        ["teacher"] = new JsonObject
        {
            ["name"] = SimulatedTeacher.ModelName,
            ["simulated"] = true,
            ["mistakes"] = SimulatedTeacher.MistakeShare,
            ["rows"] = teacher.Rows,
            ["correct"] = teacher.Correct,
        },
        ["helped"] = QuickstartWords.Helped(report),
        ["comparison"] = JsonNode.Parse(report.ToJson()),
        ["answers"] = new JsonArray([.. answers.Select(answer => (JsonNode)new JsonObject
        {
            ["input"] = answer.Row.Input,
            ["gold"] = answer.Row.Label,
            ["label"] = answer.Said.Label,
            ["rationale"] = answer.Said.Rationale,
        })]),
    };

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
