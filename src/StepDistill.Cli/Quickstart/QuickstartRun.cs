using StepDistill.Annotations;
using StepDistill.Cli.Rendering;
using StepDistill.Cli.Stages;
using StepDistill.Cli.Verbs;
using StepDistill.Evaluation.Comparisons;
using StepDistill.Recipes;
using StepDistill.Reports;
using StepDistill.Students;
using StepDistill.Teachers;

namespace StepDistill.Cli.Quickstart;

/// <summary>What a quickstart found out.</summary>
/// <param name="Teacher">The simulated teacher's answers to the training rows.</param>
/// <param name="Report">The comparison.</param>
/// <param name="Student">The folder of the student that was asked.</param>
/// <param name="Answers">What it said.</param>
internal sealed record QuickstartOutcome(
    AnnotationStatistics Teacher, ComparisonReport Report, string Student, IReadOnlyList<QuickstartAnswer> Answers);

/// <summary>What the student said to a question that it had never seen.</summary>
/// <param name="Row">The question, with the right answer.</param>
/// <param name="Said">Label and rationale.</param>
internal sealed record QuickstartAnswer(QuickstartRow Row, Prediction Said)
{
    /// <summary>Whether the label is right.</summary>
    public bool IsRight => Said.Label == Row.Label;
}

/// <summary>The whole way, by the stages that the ordinary verbs use; only the teacher is the quickstart's own.</summary>
internal sealed class QuickstartRun
{
    private readonly StageSet _stages;
    private readonly AnnotateStage _annotate;
    private readonly QuickstartSize _size;
    private readonly QuickstartProject _project;
    private readonly OpenedRecipe _recipe;

    /// <summary>Opens the project; nothing is done yet.</summary>
    public QuickstartRun(StageSet stages, QuickstartProject project, QuickstartSize size)
    {
        _stages = stages with { Teacher = OpenTeacherAsync };
        _annotate = new(_stages.Teacher);
        _size = size;
        _project = project;
        _recipe = OpenedRecipe.Open(RecipeReader.ReadFile(project.Recipe), project.Runs);
    }

    /// <summary>How the same comparison is made by the ordinary verb.</summary>
    public string Command => $"stepdistill compare {_project.Recipe} --runs {_project.Runs}"
        + $" --arms {string.Join(',', Plan.Arms)} --seeds {string.Join(',', _size.Seeds)} --rationale-rows 0";

    /// <summary>How the comparison is made again with a control beside it.</summary>
    public string ControlCommand => $"stepdistill compare {_project.Recipe} --runs {_project.Runs} --seeds {string.Join(',', _size.Seeds)}";

    /// <summary>The folder of the student that is asked in the end.</summary>
    public string StudentRun => CompareStage.Of(_recipe, new(Arms.StepByStep, 1, _size.Seeds[0])).Run.Root;

    private ComparisonPlan Plan => new([Arms.Finetune, Arms.StepByStep], [1], _size.Seeds);

    /// <summary>Asks the teacher about every row that is not annotated yet.</summary>
    /// <returns>How the teacher did on the training rows.</returns>
    public async Task<AnnotationStatistics> AnnotateAsync(Terminal terminal, CancellationToken cancellation)
    {
        var splits = _recipe.Splits.All.ToList();
        var rows = (await _annotate.CountAsync(_recipe, splits, cancellation)).Sum(need => need.Rows);
        await terminal.WithProgressAsync("Asking the simulated teacher", progress => _annotate.RunAsync(
            _recipe, splits, rows, retryFailed: true, maxCost: null, AnnotateVerb.Relay(progress), cancellation));
        return (await _annotate.StatisticsAsync(_recipe, _recipe.Splits.Train, cancellation))[0];
    }

    /// <summary>Streams the training rows' annotations.</summary>
    public IAsyncEnumerable<AnnotatedExample> AnnotatedAsync(CancellationToken cancellation) =>
        _annotate.ReadAsync(_recipe, _recipe.Splits.Train, cancellation);

    /// <summary>Trains and measures every student that is not there yet.</summary>
    /// <returns>The report, which is in the folder too, and where.</returns>
    public async Task<(ComparisonReport Report, string Page)> CompareAsync(Terminal terminal, CancellationToken cancellation)
    {
        var recipes = new Dictionary<string, OpenedRecipe> { [ComparisonVariant.AsIs.Name] = _recipe };
        var (report, _) = await terminal.WithProgressAsync("Training", progress => new CompareStage(_stages).RunAsync(
            recipes, Plan, new CompareSettings(Command), progress, terminal.Note, cancellation));
        report = report with
        {
            Teacher = report.Teacher! with
            {
                Simulated = true,
                Note = FormattableString.Invariant(
                    $"By design it takes one of the two things for what it is not in {SimulatedTeacher.MistakeShare * 100:0.#} % of its answers."),
            },
        };
        return (report, ReportFolder.Write(report, _recipe.Runs.Comparison));
    }

    /// <summary>Asks the student about rows, with its reasons.</summary>
    public IReadOnlyList<QuickstartAnswer> Ask(IReadOnlyList<QuickstartRow> rows, CancellationToken cancellation)
    {
        using var student = _stages.Student(RunFolderWords.StudentAt(StudentRun), _recipe.Recipe.Evaluation);
        var said = student.Predict([.. rows.Select(row => row.Input)], withRationale: true, cancellation);
        return [.. rows.Zip(said, (row, one) => new QuickstartAnswer(row, one))];
    }

    private static async Task<ITeacher> OpenTeacherAsync(
        Recipe recipe, Tasks.TaskSpec task, decimal? maxCost, CancellationToken cancellation) =>
        await ChatTeacher.OpenAsync(task, recipe.Teacher, () => new SimulatedTeacher(), cancellation: cancellation);
}
