using StepDistill.Tasks;

namespace StepDistill.Annotations;

/// <summary>What the annotations of one split are like.</summary>
public sealed record AnnotationStatistics
{
    /// <summary>The most faults that <see cref="Faults"/> tells apart.</summary>
    private const int MostFaults = 10;

    /// <summary>Rows of the split.</summary>
    public long Rows { get; init; }

    /// <summary>Rows with a gold label.</summary>
    public long WithGold { get; init; }

    /// <summary>Rows to which a teacher's reply is stored, readable or not.</summary>
    public long WithTeacher { get; init; }

    /// <summary>Rows with a label read from the reply.</summary>
    public long Readable { get; init; }

    /// <summary>Rows whose label equals the gold label.</summary>
    public long Correct { get; init; }

    /// <summary>
    /// <see cref="Correct"/> by <see cref="WithGold"/>: a reply that cannot be read counts as wrong. Null where no row has a
    /// gold label, or no reply is stored at all.
    /// </summary>
    public double? Accuracy { get; init; }

    /// <summary>Rows of each status; rows without an annotation are in none.</summary>
    public required IReadOnlyDictionary<AnnotationStatus, long> Statuses { get; init; }

    /// <summary>The most frequent reasons why there is no label, most frequent first.</summary>
    public required IReadOnlyList<FaultCount> Faults { get; init; }

    /// <summary>
    /// Dollars paid for the rows' answers, as far as <see cref="Priced"/> says; null where no price is known. An answer that
    /// several equal rows share is counted with the row that it was asked about.
    /// </summary>
    public decimal? Cost { get; init; }

    /// <summary>Rows whose answer has a price.</summary>
    public long Priced { get; init; }

    /// <summary>Dollars for each readable answer; null where no price is known or nothing is readable.</summary>
    public decimal? CostPerUsefulRow => Readable > 0 ? Cost / Readable : null;

    /// <summary>Words of the readable answers' rationales; null where there is none.</summary>
    public RationaleWords? RationaleWords { get; init; }

    /// <summary>Counts a split. Memory does not grow with the rows.</summary>
    /// <param name="task">When a label is right.</param>
    /// <param name="rows">The split's examples with their annotations.</param>
    /// <param name="cancellation">Stops the counting.</param>
    public static async Task<AnnotationStatistics> CountAsync(
        TaskSpec task, IAsyncEnumerable<AnnotatedExample> rows, CancellationToken cancellation = default)
    {
        long count = 0, gold = 0, replies = 0, correct = 0, priced = 0;
        var cost = 0m;
        var statuses = new SortedDictionary<AnnotationStatus, long>();
        var faults = new Dictionary<string, long>(StringComparer.Ordinal);
        var words = new SortedDictionary<int, long>();
        await foreach (var (example, annotation) in rows.WithCancellation(cancellation).ConfigureAwait(false))
        {
            count++;
            gold += example.Label is null ? 0 : 1;
            if (annotation is null)
            {
                continue;
            }

            statuses[annotation.Status] = statuses.GetValueOrDefault(annotation.Status) + 1;
            if (annotation.Price is { } price)
            {
                priced++;
                cost += annotation.ExampleId == example.Id ? price : 0;
            }

            replies += annotation.Status == AnnotationStatus.Failed ? 0 : 1;
            correct += annotation.Label is { } label && task.IsCorrect(example, label) ? 1 : 0;
            if (annotation.Status != AnnotationStatus.Ok)
            {
                CountFault(faults, annotation.Fault ?? "no reason given");
            }
            else if (annotation.Rationale is { } rationale && RationaleWords.Count(rationale) is var length)
            {
                words[length] = words.GetValueOrDefault(length) + 1;
            }
        }

        return new AnnotationStatistics
        {
            Rows = count,
            WithGold = gold,
            WithTeacher = replies,
            Readable = statuses.GetValueOrDefault(AnnotationStatus.Ok),
            Correct = correct,
            Accuracy = gold > 0 && replies > 0 ? (double)correct / gold : null,
            Statuses = new Dictionary<AnnotationStatus, long>(statuses),
            Faults = [.. faults
                .OrderByDescending(fault => fault.Value).ThenBy(fault => fault.Key, StringComparer.Ordinal)
                .Take(MostFaults).Select(fault => new FaultCount(fault.Key, fault.Value))],
            Cost = priced > 0 ? cost : null,
            Priced = priced,
            RationaleWords = RationaleWords.Of(words),
        };
    }

    /// <summary>Faults may quote replies and so differ in each row; those after the first thousand kinds are one.</summary>
    private static void CountFault(Dictionary<string, long> faults, string fault)
    {
        if (faults.Count >= 1000 && !faults.ContainsKey(fault))
        {
            fault = "other reasons";
        }

        faults[fault] = faults.GetValueOrDefault(fault) + 1;
    }
}
