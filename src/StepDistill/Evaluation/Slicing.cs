using System.Globalization;
using StepDistill.Annotations.Filters;
using StepDistill.Tasks;

namespace StepDistill.Evaluation;

/// <summary>Parts the rows of an evaluation by the length of their input, by gold label, or by a column of the data.</summary>
public static class Slicing
{
    /// <summary>Slices by the number of words in the input.</summary>
    public const string InputLength = "input-length";

    /// <summary>Slices by gold label.</summary>
    public const string Label = "label";

    /// <summary>The parts, of as equal size as ties allow, into which numbers are cut.</summary>
    public const int Bins = 4;

    /// <summary>Values that get a slice of their own; rarer ones share the last.</summary>
    public const int MaxValues = 20;

    private const string Nothing = "(none)";

    /// <summary>Parts the rows.</summary>
    /// <param name="key">
    /// <see cref="InputLength"/>, <see cref="Label"/>, or the name of a column in any case. A column of numbers with more
    /// than <see cref="MaxValues"/> different ones is cut into <see cref="Bins"/> ranges.
    /// </param>
    /// <param name="task">Says which labels are the same.</param>
    /// <param name="examples">The rows; those that the student was not asked about do not count.</param>
    /// <param name="student">The student's answers.</param>
    /// <param name="teacher">The teacher's answers; null where it was never asked about any row.</param>
    /// <exception cref="StepDistillException">No row has the column.</exception>
    public static IReadOnlyList<Slice> By(
        string key, TaskSpec task, IEnumerable<Example> examples, EvaluationReport student, EvaluationReport? teacher)
    {
        var said = student.Predictions.ToDictionary(row => row.Id, row => row.Correct);
        var taught = teacher?.Predictions.ToDictionary(row => row.Id, row => row.Correct) ?? [];
        var rows = examples.Where(example => said.ContainsKey(example.Id)).ToList();
        var values = Values(key, task, rows);
        return
        [
            .. from member in rows.Zip(Names(key, values), (row, name) => (row.Id, Name: name))
               group member.Id by member.Name into slice
               orderby slice.Key.Order, slice.Key.Text
               let asked = slice.Where(taught.ContainsKey).ToList()
               select new Slice(
                   key,
                   slice.Key.Text,
                   slice.Count(),
                   slice.Count(id => said[id]),
                   asked.Count,
                   asked.Count(id => taught[id]),
                   asked.Count(id => said[id])),
        ];
    }

    private static List<string?> Values(string by, TaskSpec task, List<Example> rows)
    {
        if (by == InputLength)
        {
            return [.. rows.Select(row => PlainWords.Of(row.Input!).Count.ToString(CultureInfo.InvariantCulture))];
        }

        if (by == Label)
        {
            return [.. rows.Select(row => task.Canonical(row, row.Label!) ?? row.Label)];
        }

        var values = rows.Select(row => row.Columns.GetValueOrDefault(by)).ToList();
        return values.Exists(value => value is not null) || rows.Count == 0 ? values : throw new StepDistillException(
            $"No row has the column '{by}' to slice by. Give {InputLength}, {Label} or one of the columns "
            + $"{string.Join(", ", rows.SelectMany(row => row.Columns.Keys).Distinct(StringComparer.OrdinalIgnoreCase).Order(StringComparer.Ordinal).Take(20))}.");
    }

    // The order of slices: ranges by their start, values by their number of rows, and what is left over at the end.
    private static IEnumerable<(double Order, string Text)> Names(string by, List<string?> values)
    {
        var counts = values.OfType<string>().CountBy(value => value).OrderByDescending(pair => pair.Value)
            .ThenBy(pair => pair.Key, StringComparer.Ordinal).ToList();
        var numbers = values.Select(Number).ToList();
        if (by == InputLength || (counts.Count > MaxValues && values.Zip(numbers).All(pair => pair is (null, _) or (_, not null))))
        {
            var ranges = Ranges([.. numbers.OfType<double>().Order()]);
            return numbers.Select(number => number is { } value
                ? ranges.Where(range => range.Low <= value).Select(range => (range.Low, range.Text)).Last()
                : (double.PositiveInfinity, Nothing));
        }

        var own = counts.Count <= MaxValues ? counts : counts.Take(MaxValues - 1);
        var ranks = own.Select((pair, rank) => (pair.Key, rank)).ToDictionary(pair => pair.Key, pair => (double)pair.rank);
        var others = string.Create(CultureInfo.InvariantCulture, $"({counts.Count - ranks.Count:N0} others)");
        return values.Select(value => value is null ? (double.PositiveInfinity, Nothing)
            : ranks.TryGetValue(value, out var rank) ? (rank, value)
            : (double.MaxValue, others));
    }

    private static double? Number(string? value) =>
        double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number) ? number : null;

    private static List<(double Low, string Text)> Ranges(double[] sorted)
    {
        var starts = Enumerable.Range(0, Bins).Where(_ => sorted.Length > 0)
            .Select(bin => sorted[bin * sorted.Length / Bins]).Distinct().ToList();
        return [.. starts.Select((start, at) => (start, Range(start, at + 1 < starts.Count ? Below(starts[at + 1]) : sorted[^1])))];

        double Below(double limit) => sorted[..Array.IndexOf(sorted, limit)][^1];

        static string Range(double low, double high) => low.Equals(high)
            ? string.Create(CultureInfo.InvariantCulture, $"{low}")
            : string.Create(CultureInfo.InvariantCulture, $"{low} to {high}");
    }
}
