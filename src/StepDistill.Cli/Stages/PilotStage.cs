using StepDistill.Annotations;
using StepDistill.Evaluation.Statistics;
using StepDistill.Evaluation;
using StepDistill.Tasks;
using StepDistill.Teachers;
using StepDistill.Teachers.Prices;
using StepDistill.Teachers.Waves;

namespace StepDistill.Cli.Stages;

/// <summary>Whether a student is likely to reach the teacher, as far as a pilot can tell.</summary>
internal enum Outlook
{
    /// <summary>Counting words alone foretells most of the teacher's answers.</summary>
    Likely,

    /// <summary>Counting words does better than chance.</summary>
    Possible,

    /// <summary>Counting words does not do better than chance; a student that reads may, and a pilot cannot tell.</summary>
    NoSign,

    /// <summary>The task has no closed set of labels, or there are too few readable answers.</summary>
    Unknown,
}

/// <summary>What a pilot showed.</summary>
/// <param name="Teacher">How good the teacher is on the pilot's rows.</param>
/// <param name="Spent">Dollars for the pilot's answers; null where the price is not known.</param>
/// <param name="Rest">What the other rows will take.</param>
/// <param name="Rows">All training rows.</param>
/// <param name="Words">How well counting words agrees with the teacher, from few rows to all of the pilot's.</param>
/// <param name="AtAllRows">What that would be with all training rows.</param>
/// <param name="Chance">The share of the teacher's commonest label.</param>
internal sealed record PilotResult(
    TeacherReport Teacher, decimal? Spent, CostEstimate Rest, long Rows, IReadOnlyList<CurvePoint> Words, Foretold? AtAllRows, double Chance)
{
    /// <summary>At this share of agreement a student is likely to reach the teacher.</summary>
    private const double Most = 0.8;

    /// <summary>Whether a student is likely to reach the teacher.</summary>
    public Outlook Outlook => AtAllRows is not { } all ? Outlook.Unknown
        : ConfidenceInterval.Wilson((int)Math.Round(Words[^1].Score * Words[^1].Measured), (int)Words[^1].Measured).Low <= Chance ? Outlook.NoSign
        : all.Interval.Low >= Most ? Outlook.Likely
        : Outlook.Possible;

    /// <summary>What one answer costs on average, in dollars; null where the price is not known.</summary>
    public decimal? PerAnswer => Spent / Math.Max(1, Teacher.Answers);

    /// <summary>What annotating all training rows costs, the pilot included.</summary>
    public decimal? All => Spent + Rest.Dollars?.Value;

    /// <summary>Answers after which a student has saved what annotating cost; null where it never does or nobody can tell.</summary>
    /// <param name="studentAnswer">Dollars that an answer of the student costs.</param>
    public long? PaysAfter(decimal studentAnswer) => PerAnswer is { } teacher && All is { } all && teacher > studentAnswer
        ? (long)Math.Ceiling(all / (teacher - studentAnswer))
        : null;
}

/// <summary>Asks about a few rows, and says what they tell about all of them.</summary>
/// <param name="stages">What it stands on.</param>
internal sealed class PilotStage(StageSet stages)
{
    private readonly AnnotateStage _annotate = new(stages.Teacher);

    /// <summary>Asks the pilot's rows that are not stored, and looks at all of them.</summary>
    /// <param name="recipe">The recipe; its seed draws the rows.</param>
    /// <param name="rows">How many.</param>
    /// <param name="maxCost">Dollars that it may cost; null for no such limit.</param>
    /// <param name="progress">Told how far it is.</param>
    /// <param name="cancellation">Asks no more; what is under way is waited for and stored.</param>
    public async Task<PilotResult> RunAsync(
        OpenedRecipe recipe, int rows, decimal? maxCost, IProgress<AnnotationProgress> progress, CancellationToken cancellation)
    {
        var (ids, all) = await DrawAsync(recipe, rows, cancellation).ConfigureAwait(false);
        var part = recipe with { Splits = recipe.Splits.Only(ids) };
        await _annotate.RunAsync(part, [part.Splits.Train], ids.Count, retryFailed: true, maxCost, progress, cancellation).ConfigureAwait(false);

        var answered = await _annotate.ReadAsync(part, part.Splits.Train, cancellation).ToListAsync(cancellation).ConfigureAwait(false);
        var answers = answered.SelectMany(row => row.Answers).OfType<Annotation>().ToList();
        var words = recipe.Task.Answer != AnswerKind.Label ? [] : WordBaseline.Measure(
            [.. answered.Where(row => row.Annotation?.Label is not null).Select(row => (row.Example.Input!, row.Annotation!.Label!))],
            (ulong)recipe.Recipe.Training.Seed);
        var labels = answers.Where(answer => answer.Label is not null).GroupBy(answer => answer.Label).Select(group => group.Count()).ToList();
        return new(
            await _annotate.ReportAsync(part, part.Splits.Train, cancellation).ConfigureAwait(false),
            answers.Exists(answer => answer.Price is not null) ? answers.Sum(answer => answer.Price ?? 0) : null,
            (await _annotate.PlanAsync(recipe, [recipe.Splits.Train], cancellation).ConfigureAwait(false)).Estimator.Estimate(),
            all,
            words,
            words.Count == 0 ? null : LearningCurve.Fit(words).At(all),
            labels.Count == 0 ? 0 : (double)labels.Max() / labels.Sum());
    }

    /// <summary>Draws rows by chance, the same each time.</summary>
    private static async Task<(HashSet<string> Ids, long All)> DrawAsync(OpenedRecipe recipe, int rows, CancellationToken cancellation)
    {
        var (first, all) = (new SortedDictionary<string, string>(StringComparer.Ordinal), 0L);
        await foreach (var row in recipe.Splits.Train.Read(cancellation).ConfigureAwait(false))
        {
            all++;
            if (row.Input is not null)
            {
                first[RowChoice.Place(row.Id, recipe.Recipe.Training.Seed)] = row.Id;
                if (first.Count > rows)
                {
                    first.Remove(first.Keys.Last());
                }
            }
        }

        return ([.. first.Values], all);
    }
}
