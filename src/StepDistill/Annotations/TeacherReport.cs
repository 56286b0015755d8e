using StepDistill.Annotations.Filters;
using StepDistill.Evaluation.Statistics;
using StepDistill.Recipes;
using StepDistill.Tasks;

namespace StepDistill.Annotations;

/// <summary>How good a teacher is on one split: its vote against gold, its agreement with itself, and what a student can use.</summary>
public sealed record TeacherReport
{
    /// <summary>Rows of the split.</summary>
    public long Rows { get; init; }

    /// <summary>Rows with an input and at least one answer that <c>teacher.keep</c> keeps.</summary>
    public long Useful { get; init; }

    /// <summary>Answers that are stored, readable or not.</summary>
    public long Answers { get; init; }

    /// <summary>Answers that <c>teacher.keep</c> drops, by filter and reason.</summary>
    public required IReadOnlyList<FilterCount> Dropped { get; init; }

    /// <summary>Rows with a gold label and a reply of the teacher's.</summary>
    public long Judged { get; init; }

    /// <summary>Of those, rows whose answers vote for the gold label; without a readable answer there is no vote, and it counts as wrong.</summary>
    public long Correct { get; init; }

    /// <summary><see cref="Correct"/> by <see cref="Judged"/>; null where no row is judged.</summary>
    public double? Accuracy => Judged == 0 ? null : (double)Correct / Judged;

    /// <summary>Wilson's 95 % interval of <see cref="Accuracy"/>, for other rows of the same kind; null where no row is judged.</summary>
    public ConfidenceInterval? Interval { get; init; }

    /// <summary>Rows with at least two readable answers.</summary>
    public long Compared { get; init; }

    /// <summary>Of those, rows whose answers all say the same.</summary>
    public long Unanimous { get; init; }

    /// <summary>The mean share of a row's readable answers that say what most of them say, over <see cref="Compared"/>; null where that is 0.</summary>
    public double? Agreement { get; init; }

    /// <summary>How often each label is gold and voted for, in the task's order; empty where the task has no closed set of labels.</summary>
    public required IReadOnlyList<LabelCount> Labels { get; init; }

    /// <summary>Reads a split once. Memory does not grow with the rows, but for what the filter <c>distinct</c> remembers.</summary>
    /// <param name="task">When a label is right.</param>
    /// <param name="teacher">The section <c>teacher</c>: which answers are kept.</param>
    /// <param name="rows">The split's examples with their annotations, in their own order.</param>
    /// <param name="cancellation">Stops the reading.</param>
    public static async Task<TeacherReport> CountAsync(
        TaskSpec task, TeacherSection teacher, IAsyncEnumerable<AnnotatedExample> rows, CancellationToken cancellation = default)
    {
        var filters = new AnnotationFilters(task, teacher.Keep, teacher.RationaleWords);
        var labels = task.Labels.ToDictionary(label => label, label => new LabelCount(label, 0, 0, 0));
        long count = 0, useful = 0, stored = 0, judged = 0, correct = 0, compared = 0, unanimous = 0;
        var agreement = 0.0;
        await foreach (var row in rows.WithCancellation(cancellation).ConfigureAwait(false))
        {
            var (example, answers) = (row.Example, row.Answers.OfType<Annotation>().ToList());
            var vote = TeacherVote.Of(task, example, answers);
            count++;
            stored += answers.Count;
            if (example.Input is not null)
            {
                var kept = answers.FindAll(answer => filters.Fault(example, answer) is null);
                useful += kept.Count > 0 ? 1 : 0;
            }

            if (example.Label is { } gold)
            {
                judged += answers.Exists(answer => answer.Status != AnnotationStatus.Failed) ? 1 : 0;
                correct += vote is not null && task.IsCorrect(example, vote.Label) ? 1 : 0;
            }

            if (vote is { Answers: > 1 })
            {
                compared++;
                unanimous += vote.Agreeing == vote.Answers ? 1 : 0;
                agreement += vote.Agreement;
            }

            Count(labels, example.Label is null ? null : task.Canonical(example, example.Label), vote?.Label);
        }

        return new TeacherReport
        {
            Rows = count,
            Useful = useful,
            Answers = stored,
            Dropped = filters.Dropped,
            Judged = judged,
            Correct = correct,
            Interval = judged == 0 ? null : ConfidenceInterval.Wilson((int)correct, (int)judged),
            Compared = compared,
            Unanimous = unanimous,
            Agreement = compared == 0 ? null : agreement / compared,
            Labels = [.. task.Labels.Select(label => labels[label])],
        };
    }

    private static void Count(Dictionary<string, LabelCount> labels, string? gold, string? teacher)
    {
        if (gold is not null && labels.TryGetValue(gold, out var one))
        {
            labels[gold] = one with { Gold = one.Gold + 1, Both = one.Both + (gold == teacher ? 1 : 0) };
        }

        if (teacher is not null && labels.TryGetValue(teacher, out var said))
        {
            labels[teacher] = said with { Teacher = said.Teacher + 1 };
        }
    }
}
