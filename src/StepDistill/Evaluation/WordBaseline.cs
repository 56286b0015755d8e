using StepDistill.Annotations.Filters;
using StepDistill.Batches;
using StepDistill.Evaluation.Statistics;

namespace StepDistill.Evaluation;

/// <summary>How well labels can be told by counting words: what a student that reads can be expected to beat.</summary>
/// <remarks>
/// Multinomial naive Bayes over words and pairs of words, smoothed by one (Manning, Raghavan and Schütze 2008, 13.2), in
/// ten-fold cross-validation; each fold also with a half and a quarter of its training rows, for a learning curve. It costs
/// a second and knows nothing but the rows given, so it says how much the labels hang together with the inputs at all.
/// </remarks>
public static class WordBaseline
{
    private const int Folds = 10;

    private static readonly int[] Parts = [4, 2, 1];

    /// <summary>Measures.</summary>
    /// <param name="rows">Texts with their labels.</param>
    /// <param name="seed">Deals the rows out to folds.</param>
    /// <returns>The share of right labels at a quarter, a half and all of the training rows; empty for fewer than twenty rows.</returns>
    public static IReadOnlyList<CurvePoint> Measure(IReadOnlyList<(string Text, string Label)> rows, ulong seed) => Measure(rows, seed, Parts);

    /// <summary>Measures with all of the training rows only.</summary>
    /// <param name="rows">Texts with their labels.</param>
    /// <param name="seed">Deals the rows out to folds.</param>
    /// <returns>The share of right labels and Wilson's 95 % interval; null for fewer than twenty rows.</returns>
    public static Foretold? Share(IReadOnlyList<(string Text, string Label)> rows, ulong seed) =>
        Measure(rows, seed, [1]) is [var point]
            ? new(point.Score, ConfidenceInterval.Wilson((int)Math.Round(point.Score * rows.Count), rows.Count))
            : null;

    private static IReadOnlyList<CurvePoint> Measure(IReadOnlyList<(string Text, string Label)> rows, ulong seed, int[] parts)
    {
        if (rows.Count < 2 * Folds)
        {
            return [];
        }

        var order = Enumerable.Range(0, rows.Count).ToArray();
        new SplitMix64(seed).Shuffle(order.AsSpan());
        var words = rows.Select(row => Words(row.Text)).ToArray();
        return [.. parts.Select(part =>
        {
            long correct = 0, trained = 0;
            for (var fold = 0; fold < Folds; fold++)
            {
                var train = order.Where((_, place) => place % Folds != fold).ToArray();
                train = train[..Math.Max(1, train.Length / part)];
                trained += train.Length;
                var model = new Bayes(train.Select(row => (words[row], rows[row].Label)));
                correct += order.Where((_, place) => place % Folds == fold).Count(row => model.LabelOf(words[row]) == rows[row].Label);
            }

            return new CurvePoint(trained / Folds, (double)correct / rows.Count, rows.Count);
        })];
    }

    private static string[] Words(string text)
    {
        var words = PlainWords.Of(text);
        return [.. words, .. words.Zip(words.Skip(1), (one, next) => $"{one} {next}")];
    }

    private sealed class Bayes
    {
        private readonly Dictionary<string, Dictionary<string, int>> _counts = [];
        private readonly Dictionary<string, (int Rows, int Words)> _labels = [];
        private readonly HashSet<string> _vocabulary = [];

        public Bayes(IEnumerable<(string[] Words, string Label)> rows)
        {
            foreach (var (words, label) in rows)
            {
                var (count, total) = _labels.GetValueOrDefault(label);
                _labels[label] = (count + 1, total + words.Length);
                foreach (var word in words)
                {
                    _vocabulary.Add(word);
                    var counts = _counts.TryGetValue(word, out var known) ? known : _counts[word] = [];
                    counts[label] = counts.GetValueOrDefault(label) + 1;
                }
            }
        }

        public string LabelOf(string[] words) => _labels.OrderByDescending(label => Math.Log(label.Value.Rows) + words.Sum(
                word => Math.Log(((_counts.GetValueOrDefault(word)?.GetValueOrDefault(label.Key) ?? 0) + 1.0) / (label.Value.Words + _vocabulary.Count + 1))))
            .ThenBy(label => label.Key, StringComparer.Ordinal).First().Key;
    }
}
