using System.Globalization;
using System.Text;
using System.Text.Json;
using StepDistill.Batches;
using StepDistill.Evaluation.Statistics;

namespace StepDistill.Tests.Evaluation.Statistics;

/// <summary>How often the truth is in the intervals, over a grid of truths: the numbers of <c>docs/experiments/intervals.md</c>.</summary>
public sealed class IntervalGrid
{
    private const int Repetitions = 2_000;

    private static readonly JsonSerializerOptions Page = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower, WriteIndented = true };

    /// <summary>Takes about ten minutes and writes <c>intervals.json</c>, and its table to <c>intervals.table.md</c>, beside the test program.</summary>
    [Fact(Explicit = true)]
    public async Task Write_the_table()
    {
        List<SimulatedComparison> grid =
        [
            .. from seeds in new[] { 2, 3, 5 }
               from rows in new[] { 200, 1_000, 10_000 }
               from difficulty in Enum.GetValues<Difficulty>()
               from deviation in new[] { 0, 0.01, 0.03, 0.06 }
               from accuracy in new[] { 0.4, 0.7, 0.95 }
               select new SimulatedComparison(seeds, rows, accuracy, deviation, difficulty),
        ];
        var cells = grid.AsParallel().AsOrdered().Select(Measure).ToList();
        var json = JsonSerializer.Serialize(cells, Page);
        await File.WriteAllTextAsync("intervals.json", json + "\n", TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync("intervals.table.md", Table(cells), TestContext.Current.CancellationToken);
    }

    private static Cell Measure(SimulatedComparison comparison)
    {
        var (random, truth) = (new SplitMix64(2023), comparison.Truth());
        var (differences, means, width) = (0, 0, 0.0);
        for (var i = 0; i < Repetitions; i++)
        {
            var (one, other) = comparison.Draw(ref random);
            var difference = Of(comparison, (seed, row) => (one[seed][row] ? 1 : 0) - (other[seed][row] ? 1 : 0), 2);
            differences += difference.Interval.Contains(0) ? 1 : 0;
            width += difference.Interval.High - difference.Interval.Low;
            means += Of(comparison, (seed, row) => one[seed][row] ? 1 : 0, 1).Interval.Contains(truth) ? 1 : 0;
        }

        return new(
            comparison.Seeds, comparison.Rows, comparison.Difficulty.ToString(), comparison.Deviation, comparison.Accuracy,
            (double)differences / Repetitions, (double)means / Repetitions, width / Repetitions);
    }

    private static Estimate Of(SimulatedComparison comparison, Func<int, int, int> value, int range)
    {
        var effects = CrossedEffects.Of(comparison.Seeds, comparison.Rows, value, range);
        return new(effects.Value, effects.StandardError, effects.Degrees, default, effects.BySeed);
    }

    private static string Table(List<Cell> cells)
    {
        var text = new StringBuilder("| seeds | rows | seeds' deviation | difference: lowest | mean | highest | accuracy: lowest | mean | highest | width, points |\n"
            + "| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n");
        foreach (var group in cells.GroupBy(cell => (cell.Seeds, cell.Rows, cell.Deviation, cell.IsSkewed)))
        {
            double[] differences = [.. group.Select(cell => 100 * cell.Difference)], means = [.. group.Select(cell => 100 * cell.Accurate)];
            text.Append(CultureInfo.InvariantCulture, $"| {group.Key.Seeds} | {group.Key.Rows:N0} | {100 * group.Key.Deviation}{(group.Key.IsSkewed ? " at 95 %" : "")} | ")
                .Append(CultureInfo.InvariantCulture, $"{differences.Min():F1} | {differences.Average():F1} | {differences.Max():F1} | ")
                .Append(CultureInfo.InvariantCulture, $"{means.Min():F1} | {means.Average():F1} | {means.Max():F1} | ")
                .Append(CultureInfo.InvariantCulture, $"{100 * group.Average(cell => cell.Width):F1} |\n");
        }

        return text.ToString();
    }

    private sealed record Cell(
        int Seeds, int Rows, string Difficulty, double Deviation, double Accuracy, double Difference, double Accurate, double Width)
    {
        /// <summary>Six points below 95 % is likely and six above impossible: seeds are far from normal.</summary>
        public bool IsSkewed => Accuracy > 0.9 && Deviation > 0.05;
    }
}
