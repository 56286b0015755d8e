using StepDistill.Evaluation.Statistics;

namespace StepDistill.Evaluation.Comparisons;

/// <summary>From outcomes to the numbers of a report.</summary>
internal sealed class ComparisonAnalysis
{
    private readonly ComparisonPlan _plan;
    private readonly IReadOnlyList<CellOutcome> _outcomes;
    private readonly TeacherResult? _teacher;
    private readonly double _margin;
    private readonly Dictionary<ComparisonCell, CellResult> _results;
    private readonly EvaluationReport _first;
    private readonly IReadOnlyList<ComparedVariant> _variants;

    public ComparisonAnalysis(ComparisonPlan plan, IReadOnlyList<CellOutcome> outcomes, TeacherResult? teacher, double margin)
    {
        (_plan, _outcomes, _teacher, _margin) = (plan, outcomes, teacher, margin);
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

        _variants =
        [
            .. plan.Variants
                .Select(variant => new ComparedVariant(variant.Name, ParametersOf(variant.Name), variant.Overrides))
                .OrderBy(variant => variant.Parameters ?? long.MaxValue),       // stable: settings of one size keep their order
        ];
    }

    public ComparisonReport Report(ComparisonOrigin origin)
    {
        ComparedArm[] arms =
        [
            .. from variant in _variants
               from fraction in _plan.Fractions
               from arm in _plan.Arms
               from one in Arm(arm, fraction, variant.Name)
               select one,
        ];
        var (teacher, curves) = (Teacher(), new ComparisonCurves(arms, _variants, _first.Rows));
        return new()
        {
            Recipe = origin.Recipe,
            Task = _first.Task,
            Split = _first.Split,
            Rows = _first.Rows,
            RowsHash = _first.RowsHash,
            Baseline = _first.Baseline,
            Labels = _first.Labels,
            Teacher = teacher,
            Variants = _variants,
            Arms = arms,
            Differences = Corrected([
                .. from variant in _variants
                   from fraction in _plan.Fractions
                   from one in BetweenArms(fraction, variant.Name)
                   select one,
                .. BetweenVariants()]),
            Standings = [.. Standings()],
            Curves = [.. curves.All()],
            Savings = [.. curves.Savings()],
            Cells = [.. _outcomes.Select(Cell)],
            Origin = origin,
        };
    }

    private ComparedTeacher? Teacher() => _teacher is { Report: { Rows: > 0 } report }
        ? new(
            report.Subject, _teacher.IsSimulated, report.Accuracy, report.Correct, report.Rows,
            report.Interval.Low, report.Interval.High, report.Unreadable, _teacher.Note)
        : null;

    private ComparedCell Cell(CellOutcome outcome)
    {
        var cell = new ComparedCell(outcome.Cell.Arm, outcome.Cell.Fraction, outcome.Cell.Seed) { Variant = outcome.Cell.Variant };
        return outcome.Result is { Report: var report } result
            ? cell with
            {
                Run = report.Subject,
                Identity = result.Run.Identity,
                TrainedBy = result.Run.Versions.GetValueOrDefault("stepdistill"),
                ValidationScore = result.Run.BestScore,
                CalibrationError = CalibrationOf(report),
                RationaleOverlap = result.Rationales?.RationaleOverlap,
                Accuracy = report.Accuracy,
                Correct = report.Correct,
                Rows = report.Rows,
                Unreadable = report.Unreadable,
                MacroF1 = report.MacroF1,
                TrainingExamples = result.TrainingExamples,
                BestStep = result.Run.BestStep,
                Stuck = IsStuck(report),
            }
            : cell with { Fault = outcome.Fault };
    }

    private static bool IsStuck(EvaluationReport report) => report.Interval.Low <= report.Baseline;

    private static double? CalibrationOf(EvaluationReport report) =>
        report.Predictions.Any(row => row.Confidence is null)
            ? null
            : Calibration.Of([.. report.Predictions.Select(row => (Math.Clamp(row.Confidence!.Value, 0, 1), row.Correct))]).ExpectedError;

    private IEnumerable<ComparedArm> Arm(string arm, double fraction, string variant)
    {
        var seeds = Seeds(arm, fraction, variant);
        if (seeds.Count == 0)
        {
            yield break;
        }

        CellResult[] results = [.. seeds.Select(seed => _results[new(arm, fraction, seed, variant)])];
        var reports = Array.ConvertAll(results, result => result.Report);
        var mean = PairedBootstrap.Mean([.. seeds.Select(seed => Answers(arm, fraction, seed, variant))]);
        var confusion = SumOf(reports);
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
            reports.Count(IsStuck),
            Failed: _outcomes.Count(one => one.Result is null && (one.Cell.Arm, one.Cell.Fraction, one.Cell.Variant) == (arm, fraction, variant)),
            results[0].TrainingExamples,
            variant)
        {
            BySeed = mean.BySeed,
            Estimate = mean,
            MacroF1 = MeanOf(reports.Select(report => report.MacroF1)),
            CalibrationError = MeanOf(reports.Select(CalibrationOf)),
            RationaleOverlap = MeanOf(results.Select(result => result.Rationales?.RationaleOverlap)),
            Unreadable = reports.Average(report => (double)report.Unreadable / report.Rows),
            Confusion = confusion,
            ByLabel = confusion is null ? null : [.. _first.Labels!.Select((label, place) => ByLabel(label, place, confusion))],
        };
    }

    private static double? MeanOf(IEnumerable<double?> values) => values.ToList() is var all && all.Contains(null) ? null : all.Average();

    private static int[][]? SumOf(EvaluationReport[] reports) => reports[0].Confusion is not { } first ? null :
    [
        .. first.Select((row, down) => row.Select((_, across) => reports.Sum(report => report.Confusion![down][across])).ToArray()),
    ];

    private static ComparedLabel ByLabel(string label, int place, int[][] confusion)
    {
        var (hits, rows, answered) = (confusion[place][place], confusion[place].Sum(), confusion.Sum(row => row[place]));
        return new(
            label,
            rows,
            answered == 0 ? null : (double)hits / answered,
            rows == 0 ? null : (double)hits / rows,
            rows + answered == 0 ? null : 2.0 * hits / (rows + answered));
    }

    private IEnumerable<ComparedDifference> BetweenArms(double fraction, string variant)
    {
        for (var one = 0; one < _plan.Arms.Count; one++)
        {
            for (var other = 0; other < one; other++)
            {
                var (arm, against) = (_plan.Arms[one], _plan.Arms[other]);
                int[] seeds = [.. Seeds(arm, fraction, variant).Intersect(Seeds(against, fraction, variant))];
                if (seeds.Length > 0)
                {
                    yield return Difference(
                        arm, against, fraction, variant, variant, seeds, seed => Answers(against, fraction, seed, variant));
                }
            }
        }

        if (TeacherAnswers() is { } teacher)
        {
            foreach (var arm in _plan.Arms.Where(arm => Seeds(arm, fraction, variant).Count > 0))
            {
                yield return Difference(
                    arm, ComparedDifference.Teacher, fraction, variant, "", Seeds(arm, fraction, variant), _ => teacher);
            }
        }
    }

    /// <summary>Each size and setting against the one before it, where both have everything.</summary>
    private IEnumerable<ComparedDifference> BetweenVariants()
    {
        var fraction = _plan.Fractions[^1];
        foreach (var (before, variant) in _variants.Zip(_variants.Skip(1)))
        {
            foreach (var arm in _plan.Arms)
            {
                int[] seeds = [.. Seeds(arm, fraction, variant.Name).Intersect(Seeds(arm, fraction, before.Name))];
                if (seeds.Length > 0)
                {
                    yield return Difference(
                        arm, arm, fraction, variant.Name, before.Name, seeds, seed => Answers(arm, fraction, seed, before.Name));
                }
            }
        }
    }

    private ComparedDifference Difference(
        string arm, string against, double fraction, string variant, string againstVariant, IReadOnlyList<int> seeds,
        Func<int, IReadOnlyList<bool>> other)
    {
        IReadOnlyList<IReadOnlyList<bool>> one = [.. seeds.Select(seed => Answers(arm, fraction, seed, variant))];
        IReadOnlyList<IReadOnlyList<bool>> two = [.. seeds.Select(other)];
        var estimate = PairedBootstrap.Difference(one, two);
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
            estimate.BySeed)
        {
            Variant = variant,
            AgainstVariant = againstVariant,
            PValue = estimate.PValue,
            McNemar = McNemar.Test(one, two).PValue,
            Detectable = estimate.Detectable,
        };
    }

    private static IReadOnlyList<ComparedDifference> Corrected(IReadOnlyList<ComparedDifference> differences)
    {
        var adjusted = Holm.Adjust([.. differences.Select(one => one.PValue)]);
        return [.. differences.Zip(adjusted, (one, p) => one with { AdjustedPValue = p })];
    }

    private IEnumerable<ComparedStanding> Standings()
    {
        if (TeacherAnswers() is not { } teacher)
        {
            yield break;
        }

        foreach (var variant in _variants)
        {
            foreach (var arm in _plan.Arms.Where(arm => !ComparisonArms.IsControl(arm)))
            {
                var fraction = _plan.Fractions[^1];
                var seeds = Seeds(arm, fraction, variant.Name);
                if (seeds.Count > 0)
                {
                    var estimate = PairedBootstrap.Difference(
                        [.. seeds.Select(seed => Answers(arm, fraction, seed, variant.Name))], [.. seeds.Select(_ => teacher)]);
                    yield return new(
                        arm, variant.Name, fraction, _margin, estimate.Value, Math.Max(-1, estimate.Interval.Low), Math.Min(1, estimate.Interval.High),
                        NonInferiority.Test(estimate, _margin));
                }
            }
        }
    }

    /// <summary>The teacher's answers, where it answered the very same rows.</summary>
    private bool[]? TeacherAnswers() => _teacher is not null && _teacher.Report.RowsHash == _first.RowsHash
        ? [.. _teacher.Report.Predictions.Select(row => row.Correct)]
        : null;

    private long? ParametersOf(string variant) =>
        _results.Where(pair => pair.Key.Variant == variant).Select(pair => pair.Value.Parameters).FirstOrDefault(known => known is not null);

    private IReadOnlyList<int> Seeds(string arm, double fraction, string variant) =>
        [.. _plan.Seeds.Where(seed => _results.ContainsKey(new(arm, fraction, seed, variant)))];

    private IReadOnlyList<bool> Answers(string arm, double fraction, int seed, string variant) =>
        [.. _results[new(arm, fraction, seed, variant)].Report.Predictions.Select(row => row.Correct)];
}
