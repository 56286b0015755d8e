using StepDistill.Cli.Rendering;
using StepDistill.Evaluation.Statistics;
using StepDistill.Tasks;
using StepDistill.Teachers.Waves;

namespace StepDistill.Cli.Stages;

/// <summary>What one wave brought.</summary>
/// <param name="Number">From 1.</param>
/// <param name="Rows">Rows asked about so far, this wave's included.</param>
/// <param name="Correct">Validation rows that the student trained on them answers right.</param>
/// <param name="Measured">Validation rows.</param>
internal sealed record Wave(int Number, int Rows, int Correct, int Measured)
{
    /// <summary>The share of right answers.</summary>
    public double Accuracy => Measured == 0 ? 0 : (double)Correct / Measured;
}

/// <summary>Why it ended.</summary>
internal enum WavesEnd
{
    /// <summary>The next wave was not expected to bring what the recipe asks for.</summary>
    Enough,

    /// <summary>Every training row has been asked about.</summary>
    NoMoreRows,

    /// <summary>The recipe allows no more waves.</summary>
    Limit,
}

/// <summary>What all waves together brought.</summary>
/// <param name="Waves">One by one.</param>
/// <param name="Next">What the next wave was expected to add to the accuracy, from 0 to 1; null where there is no curve yet.</param>
/// <param name="End">Why it ended.</param>
internal sealed record WavesResult(IReadOnlyList<Wave> Waves, Foretold? Next, WavesEnd End);

/// <summary>Annotates part by part: asks, trains, looks at the learning curve, and goes on while it pays.</summary>
/// <param name="stages">What it stands on.</param>
internal sealed class WavesStage(StageSet stages)
{
    /// <summary>A curve through fewer points says too little to stop for.</summary>
    private const int WavesForACurve = 3;

    /// <summary>The student looks at this many times the wanted rows, so that a million rows take no longer than it needs.</summary>
    private const int Pool = 20;

    private readonly AnnotateStage _annotate = new(stages.Teacher);
    private readonly EvaluateStage _evaluate = new(stages.Teacher, stages.Student);

    /// <summary>Runs waves until one of <see cref="WavesEnd"/>'s reasons.</summary>
    /// <param name="recipe">The recipe.</param>
    /// <param name="maxCost">Dollars that all waves of this call together may cost; null for no such limit.</param>
    /// <param name="tell">Told of each wave with what the next is expected to add.</param>
    /// <param name="progress">Told how far the part under way is.</param>
    /// <param name="warn">Told what no report says.</param>
    /// <param name="cancellation">Stops; the same command goes on with the wave that was under way.</param>
    public async Task<WavesResult> RunAsync(
        OpenedRecipe recipe, decimal? maxCost, Action<Wave, Foretold?> tell, IProgress<Progress> progress, Action<string> warn,
        CancellationToken cancellation)
    {
        Validation(recipe);         // before anything is paid
        var left = maxCost;
        var section = recipe.Recipe.Waves;
        var log = new WaveLog(recipe.Runs.Waves);
        var waves = new List<Wave>();
        var asked = new HashSet<string>(StringComparer.Ordinal);
        for (Foretold? next = null; ;)
        {
            var known = log.Read();
            if (waves.Count >= WavesForACurve && next is { } gain && gain.Value * 100 < section.MinGain)
            {
                return new(waves, next, WavesEnd.Enough);
            }

            if (section.MaxWaves > 0 && waves.Count >= section.MaxWaves)
            {
                return new(waves, next, WavesEnd.Limit);
            }

            if (waves.Count == known.Count)
            {
                var chosen = await ChooseAsync(recipe, waves.Count, asked, progress, cancellation).ConfigureAwait(false);
                if (chosen.Count == 0)
                {
                    return new(waves, next, WavesEnd.NoMoreRows);
                }

                log.Add(chosen);
                known = log.Read();
            }

            asked.UnionWith(known[waves.Count]);
            var (wave, spent) = await RunAsync(recipe, waves.Count + 1, asked, left, progress, warn, cancellation).ConfigureAwait(false);
            waves.Add(wave);
            left -= spent;
            next = Expected(waves, section.Rows);
            tell(waves[^1], next);
        }
    }

    /// <summary>What the next wave is expected to add; null before the second.</summary>
    internal static Foretold? Expected(IReadOnlyList<Wave> waves, int rows) => waves.Count < 2
        ? null
        : LearningCurve.Fit([.. waves.Select(wave => new CurvePoint(wave.Rows, wave.Accuracy, wave.Measured))])
            .Gain(waves[^1].Rows, waves[^1].Rows + rows);

    private async Task<(Wave Wave, decimal Spent)> RunAsync(
        OpenedRecipe recipe, int number, HashSet<string> asked, decimal? left, IProgress<Progress> progress, Action<string> warn,
        CancellationToken cancellation)
    {
        var part = recipe with { Splits = recipe.Splits.Only(asked.ToHashSet(StringComparer.Ordinal)), Runs = recipe.Runs.Wave(number) };
        var end = await _annotate.RunAsync(
            part, [part.Splits.Train], asked.Count, retryFailed: false, left, Verbs.AnnotateVerb.Relay(progress), cancellation).ConfigureAwait(false);
        await stages.Train(part, progress, warn, cancellation).ConfigureAwait(false);
        var (report, _) = await _evaluate.StudentAsync(
            part, part.Run, Validation(part), withRationale: false, reuse: true, progress, cancellation).ConfigureAwait(false);
        return (new Wave(number, asked.Count, report.Correct, report.Rows), end.Spent);
    }

    private static TaskSplit Validation(OpenedRecipe recipe) => recipe.Splits.Validation ?? throw new StepDistillException(
        "The recipe has no validation rows, so there is no learning curve to tell when it is enough. Name a file of rows with gold "
        + "labels as task.validation, or set task.validation_share.");

    private async Task<IReadOnlyList<string>> ChooseAsync(
        OpenedRecipe recipe, int done, HashSet<string> asked, IProgress<Progress> progress, CancellationToken cancellation)
    {
        var section = recipe.Recipe.Waves;
        var random = done == 0 || section.Choose == "random";
        var pool = await PoolAsync(recipe, asked, random ? section.Rows : checked(section.Rows * Pool), cancellation).ConfigureAwait(false);
        if (random || pool.Count <= section.Rows)
        {
            return [.. pool.Take(section.Rows).Select(example => example.Id)];
        }

        var run = recipe.Runs.Wave(done).Run(recipe.Recipe.Training);
        using var student = stages.Student(run.Student, recipe.Recipe.Evaluation);
        var candidates = new List<Candidate>(pool.Count);
        foreach (var rows in pool.Chunk(recipe.Recipe.Evaluation.BatchSize))
        {
            progress.Report(new(candidates.Count, pool.Count, "looking for rows that the student is unsure of"));
            var answers = student.Predict([.. rows.Select(row => row.Input!)], cancellation: cancellation);
            candidates.AddRange(rows.Zip(answers, (row, answer) => new Candidate(row.Id, row.Input!, answer.Confidence ?? throw new StepDistillException(
                $"The student does not say how sure it is: with evaluation.beams {recipe.Recipe.Evaluation.Beams} nothing counts it. "
                + "Set evaluation.beams to 1, or waves.choose to random."))));
        }

        return RowChoice.Uncertain(candidates, section.Rows);
    }

    /// <summary>Rows not asked about yet, in an order by chance; no more than wanted are held in memory.</summary>
    private static async Task<List<Example>> PoolAsync(
        OpenedRecipe recipe, HashSet<string> asked, int count, CancellationToken cancellation)
    {
        var last = new PriorityQueue<(string Place, Example Row), string>(
            Comparer<string>.Create((one, other) => string.CompareOrdinal(other, one)));     // the last place comes out first
        var seen = new HashSet<string>(StringComparer.Ordinal);
        await foreach (var row in recipe.Splits.Train.Read(cancellation).ConfigureAwait(false))
        {
            if (row.Input is null || asked.Contains(row.Id))
            {
                continue;
            }

            var place = RowChoice.Place(row.Id, recipe.Recipe.Training.Seed);
            if (last.Count == count && string.CompareOrdinal(place, last.Peek().Place) >= 0)
            {
                continue;
            }

            if (seen.Add(row.Id))
            {
                last.Enqueue((place, row), place);
                if (last.Count > count)
                {
                    seen.Remove(last.Dequeue().Row.Id);
                }
            }
        }

        return [.. last.UnorderedItems.OrderBy(item => item.Priority, StringComparer.Ordinal).Select(item => item.Element.Row)];
    }
}
