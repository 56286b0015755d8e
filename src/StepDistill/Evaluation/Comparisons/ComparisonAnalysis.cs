using StepDistill.Evaluation.Statistics;

namespace StepDistill.Evaluation.Comparisons;

/// <summary>From outcomes to the numbers of a report.</summary>
internal sealed class ComparisonAnalysis
{
    private readonly ComparisonPlan _plan;
    private readonly IReadOnlyList<CellOutcome> _outcomes;
    private readonly TeacherResult? _teacher;
    private readonly Dictionary<ComparisonCell, CellResult> _results;
    private readonly EvaluationReport _first;

    public ComparisonAnalysis(ComparisonPlan plan, IReadOnlyList<CellOutcome> outcomes, TeacherResult? teacher)
    {
        _plan = plan;
        _outcomes = outcomes;
        _teacher = teacher;
        _results = outcomes.Where(outcome => outcome.Result is not null)
            .ToDictionary(outcome => outcome.Cell, outcome => outcome.Result!);
        if (_results.Count == 0)
        {
            throw new StepDistillException(string.Join($"{Environment.NewLine}  - ", [
                "No run of the comparison has a result. Why they failed:",
                .. outcomes.Select(outcome => $"{outcome.Cell}: {outcome.Fault}").Distinct()]));
        }

        _first = _results.Values.First().Report;
        if (_first.Rows == 0)
        {
            throw new StepDistillException(
                $"There is nothing to compare: no row of the {_first.Split} rows has both an input and a gold label.");
        }

        foreach (var (cell, result) in _results.Where(pair => pair.Value.Report.RowsHash != _first.RowsHash))
        {
            throw new StepDistillException(
                $"{cell} answered other rows ({result.Report.Split}, {result.Report.Rows} rows) than "
                + $"{_results.Keys.First()} ({_first.Split}, {_first.Rows} rows); a comparison needs the same for all. "
                + "Evaluate them again.");
        }
    }

    public ComparisonReport Report(ComparisonOrigin origin) => new()
    {
        Recipe = origin.Recipe,
        Task = _first.Task,
        Split = _first.Split,
        Rows = _first.Rows,
        RowsHash = _first.RowsHash,
        Baseline = _first.Baseline,
        Teacher = Teacher(),
        Arms = [.. from fraction in _plan.Fractions from arm in _plan.Arms from one in Arm(arm, fraction) select one],
        Differences = [.. _plan.Fractions.SelectMany(Differences)],
        Cells = [.. _outcomes.Select(Cell)],
        Origin = origin,
    };

    private ComparedTeacher? Teacher() => _teacher is { Report: { Rows: > 0 } report }
        ? new(
            report.Subject, _teacher.IsSimulated, report.Accuracy, report.Correct, report.Rows,
            report.Interval.Low, report.Interval.High, report.Unreadable, _teacher.Note)
        : null;

    private ComparedCell Cell(CellOutcome outcome)
    {
        var cell = new ComparedCell(outcome.Cell.Arm, outcome.Cell.Fraction, outcome.Cell.Seed);
        return outcome.Result is { Report: var report } result
            ? cell with
            {
                Accuracy = report.Accuracy,
                Correct = report.Correct,
                Rows = report.Rows,
                Unreadable = report.Unreadable,
                MacroF1 = report.MacroF1,
                TrainingExamples = result.TrainingExamples,
                BestStep = result.BestStep,
                Stuck = IsStuck(report),
            }
            : cell with { Fault = outcome.Fault };
    }

    private static bool IsStuck(EvaluationReport report) => report.Interval.Low <= report.Baseline;

    private IEnumerable<ComparedArm> Arm(string arm, double fraction)
    {
        var seeds = Seeds(arm, fraction);
        var failed = _outcomes.Count(outcome =>
            outcome.Cell.Arm == arm && outcome.Cell.Fraction == fraction && outcome.Result is null);
        if (seeds.Count == 0)
        {
            yield break;
        }

        var mean = PairedBootstrap.Mean([.. seeds.Select(seed => Answers(arm, fraction, seed))]);
        yield return new(
            arm,
            fraction,
            seeds,
            mean.Value,
            Math.Max(0, mean.Interval.Low),
            Math.Min(1, mean.Interval.High),
            mean.BySeed.Min(),
            mean.BySeed.Max(),
            mean.Deviation,
            seeds.Count(seed => IsStuck(Result(arm, fraction, seed).Report)),
            failed,
            Result(arm, fraction, seeds[0]).TrainingExamples);
    }

    private IEnumerable<ComparedDifference> Differences(double fraction)
    {
        for (var one = 0; one < _plan.Arms.Count; one++)
        {
            for (var other = 0; other < one; other++)
            {
                var (arm, against) = (_plan.Arms[one], _plan.Arms[other]);
                int[] seeds = [.. Seeds(arm, fraction).Intersect(Seeds(against, fraction))];
                if (seeds.Length > 0)
                {
                    yield return Difference(
                        arm, against, fraction, seeds, seed => Answers(against, fraction, seed));
                }
            }
        }

        if (_teacher is not null && _teacher.Report.RowsHash == _first.RowsHash)
        {
            bool[] teacher = [.. _teacher.Report.Predictions.Select(row => row.Correct)];
            foreach (var arm in _plan.Arms.Where(arm => Seeds(arm, fraction).Count > 0))
            {
                yield return Difference(
                    arm, ComparedDifference.Teacher, fraction, Seeds(arm, fraction), _ => teacher);
            }
        }
    }

    private ComparedDifference Difference(
        string arm, string against, double fraction, IReadOnlyList<int> seeds, Func<int, IReadOnlyList<bool>> other)
    {
        var estimate = PairedBootstrap.Difference(
            [.. seeds.Select(seed => Answers(arm, fraction, seed))], [.. seeds.Select(other)]);
        return new(
            arm,
            against,
            fraction,
            estimate.Value,
            Math.Max(-1, estimate.Interval.Low),
            Math.Min(1, estimate.Interval.High),
            estimate.RowsOnly.Low,
            estimate.RowsOnly.High,
            seeds,
            estimate.BySeed);
    }

    private IReadOnlyList<int> Seeds(string arm, double fraction) =>
        [.. _plan.Seeds.Where(seed => _results.ContainsKey(new(arm, fraction, seed)))];

    private CellResult Result(string arm, double fraction, int seed) => _results[new(arm, fraction, seed)];

    private IReadOnlyList<bool> Answers(string arm, double fraction, int seed) =>
        [.. Result(arm, fraction, seed).Report.Predictions.Select(row => row.Correct)];
}
