using System.Globalization;
using System.Text;
using StepDistill.Batches;
using StepDistill.Evaluation.Statistics;

namespace StepDistill.Tests.Evaluation.Statistics;

/// <summary>How often the rows that are truly needed are in the interval: the second table of <c>docs/experiments/intervals.md</c>.</summary>
public sealed class CurveGrid
{
    private const int Repetitions = 2_000;
    private const int TestRows = 1_000;

    private static readonly long[] Rows = [1_000, 2_000, 4_000];

    /// <summary>Fine-tuning on 4,000 rows reaches 70.3 %; step-by-step has its own law.</summary>
    private static readonly (string Name, double Ceiling, double Slope)[] Laws =
        [("a quarter of the rows", 0.78, 2.5), ("all of them", 0.75, 3), ("less than was measured", 0.8, 1), ("never", 0.65, 1)];

    /// <summary>Takes some minutes and writes its table to <c>intervals.curves.md</c> beside the test program.</summary>
    [Fact(Explicit = true)]
    public async Task Write_the_table()
    {
        var cells = (from law in Laws
                     from seeds in new[] { 1, 3, 5 }
                     from deviation in new[] { 0, 0.01, 0.03 }
                     select (law, seeds, deviation)).AsParallel().AsOrdered().Select(cell => Measure(cell.law, cell.seeds, cell.deviation)).ToList();
        var text = new StringBuilder("| needed | seeds | seeds' deviation | holds | open above | width, where closed |\n| --- | ---: | ---: | ---: | ---: | ---: |\n").AppendJoin("", cells);
        await File.WriteAllTextAsync("intervals.curves.md", text.ToString(), TestContext.Current.CancellationToken);
    }

    private static string Measure((string Name, double Ceiling, double Slope) law, int seeds, double deviation)
    {
        var random = new SplitMix64(1993);
        var truth = Needed(law.Ceiling, law.Slope, 0.75 - (3 * Math.Pow(4_000, -0.5)));
        var (held, open) = (0, 0);
        var widths = new List<double>();
        for (var i = 0; i < Repetitions; i++)
        {
            var points = new CurvePoint[Rows.Length];
            for (var j = 0; j < Rows.Length; j++)
            {
                points[j] = Point(ref random, Rows[j], law.Ceiling - (law.Slope * Math.Pow(Rows[j], -0.5)), seeds, deviation);
            }

            var needed = LearningCurve.Fit(points).Saving(Point(ref random, 4_000, 0.75 - (3 * Math.Pow(4_000, -0.5)), seeds, deviation));
            var (low, high) = (needed.Low ?? double.PositiveInfinity, needed.High ?? double.PositiveInfinity);
            held += low <= truth && truth <= high ? 1 : 0;
            open += double.IsInfinity(high) ? 1 : 0;
            if (double.IsFinite(high))
            {
                widths.Add(high - low);
            }
        }

        widths.Sort();
        return string.Create(CultureInfo.InvariantCulture,
            $"| {law.Name} | {seeds} | {100 * deviation} | {100.0 * held / Repetitions:F1} % | {100.0 * open / Repetitions:F0} % | {(widths.Count == 0 ? "–" : $"{widths[widths.Count / 2]:N0}")} |\n");
    }

    private static double Needed(double ceiling, double slope, double score) => ceiling - (slope * Math.Pow(Rows[0], -0.5)) >= score ? Rows[0]
        : score < ceiling ? Math.Pow(slope / (ceiling - score), 2)
        : double.PositiveInfinity;

    private static CurvePoint Point(ref SplitMix64 random, long rows, double accuracy, int seeds, double deviation)
    {
        var table = new bool[seeds][];
        for (var seed = 0; seed < seeds; seed++)
        {
            var share = accuracy + (deviation * SimulatedComparison.Gauss(ref random));
            table[seed] = new bool[TestRows];
            for (var row = 0; row < TestRows; row++)
            {
                table[seed][row] = SimulatedComparison.Uniform(ref random) < share;
            }
        }

        var effects = CrossedEffects.Of(seeds, TestRows, (seed, row) => table[seed][row] ? 1 : 0, range: 1);
        return CurvePoint.Of(rows, new(effects.Value, effects.StandardError, effects.Degrees, default, effects.BySeed), TestRows);
    }
}
