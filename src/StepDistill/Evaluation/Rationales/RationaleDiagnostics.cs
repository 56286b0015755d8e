using StepDistill.Annotations;
using StepDistill.Annotations.Filters;
using StepDistill.Batches;
using StepDistill.Evaluation.Comparisons;
using StepDistill.Evaluation.Statistics;
using StepDistill.Tasks;

namespace StepDistill.Evaluation.Rationales;

/// <summary>Measures what a teacher's rationales have to do with its labels.</summary>
/// <remarks>
/// Wiegreffe, Marasović and Smith 2021, arXiv 2010.12762, and Hase et al. 2020, arXiv 2010.04119, on rationales that give their label
/// away. Deterministic.
/// </remarks>
public static class RationaleDiagnostics
{
    /// <summary>Rows that <see cref="WordBaseline"/> looks at.</summary>
    private const int MostRows = 5_000;

    /// <summary>Measures.</summary>
    /// <param name="task">What a label is.</param>
    /// <param name="rows">Training rows; of several answers the first is looked at. Rows without a label or a rationale are passed over.</param>
    /// <param name="seed">Draws and deals out the rows that the model of words is fitted to and tested on.</param>
    /// <param name="cancellation">Stops.</param>
    /// <returns>
    /// Null where no row has both. What a model of words tells is null where labels are no closed set, or for fewer than twenty rows.
    /// </returns>
    public static async Task<ComparedRationales?> MeasureAsync(
        TaskSpec task, IAsyncEnumerable<AnnotatedExample> rows, ulong seed, CancellationToken cancellation = default)
    {
        var (looked, own, onlyOther) = (0, 0, 0);
        var lengths = new List<int>();
        var labels = new Dictionary<string, int>(StringComparer.Ordinal);
        var sample = new List<(string? Input, string Rationale, string Label)>();
        var random = new SplitMix64(seed);
        await foreach (var row in rows.WithCancellation(cancellation).ConfigureAwait(false))
        {
            if (row.Annotation is not { Label: { } said, Rationale: { } rationale })
            {
                continue;
            }

            var label = task.Canonical(row.Example, said) ?? said;
            var (isOwn, isOther) = Names(task, row.Example, rationale, label);
            looked++;
            own += isOwn ? 1 : 0;
            onlyOther += isOther && !isOwn ? 1 : 0;
            lengths.Add(RationaleWords.Count(rationale));
            labels[label] = labels.GetValueOrDefault(label) + 1;
            Keep(sample, (row.Example.Input, rationale, label), looked, ref random);
        }

        if (looked == 0)
        {
            return null;
        }

        var isClosed = task.Answer == AnswerKind.Label;
        var fromRationale = isClosed ? WordBaseline.Share([.. sample.Select(row => (row.Rationale, row.Label))], seed) : null;
        var fromInput = isClosed
            ? WordBaseline.Share([.. sample.Where(row => row.Input is not null).Select(row => (row.Input!, row.Label))], seed)
            : null;
        return new(
            looked,
            Median(lengths),
            (double)own / looked,
            isClosed || task.Answer == AnswerKind.Choice ? (double)onlyOther / looked : null,
            fromRationale?.Value,
            fromRationale?.Interval.Low,
            fromRationale?.Interval.High,
            fromInput?.Value,
            (double)labels.Values.Max() / looked);
    }

    /// <summary>Whether a rationale writes out its own label, and another one that the task or row allows.</summary>
    private static (bool Own, bool Other) Names(TaskSpec task, Example example, string rationale, string label)
    {
        if (task.Answer == AnswerKind.Equation)
        {
            return (Equation.TryEvaluate(label, out var value, out _) && LabelMentions.HasValue(rationale, value), false);
        }

        var others = task.Answer switch
        {
            AnswerKind.Label => task.Labels,
            AnswerKind.Choice => example.Choices,
            _ => [],
        };
        var found = LabelMentions.In(PlainWords.Of(rationale), [label, .. others.Where(one => one != label)]);
        return (found.Contains(0), found.Any(place => place > 0));
    }

    /// <summary>Vitter 1985, <em>Random sampling with a reservoir</em>, algorithm R.</summary>
    private static void Keep<T>(List<T> sample, T row, int number, ref SplitMix64 random)
    {
        if (sample.Count < MostRows)
        {
            sample.Add(row);
        }
        else if (random.Next() % (ulong)number is var place and < MostRows)
        {
            sample[(int)place] = row;
        }
    }

    private static double Median(List<int> lengths)
    {
        lengths.Sort();
        return (lengths[(lengths.Count - 1) / 2] + lengths[lengths.Count / 2]) / 2.0;
    }
}
