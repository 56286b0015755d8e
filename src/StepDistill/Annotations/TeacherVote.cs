using StepDistill.Tasks;

namespace StepDistill.Annotations;

/// <summary>What several answers to one row say together (Wang et al. 2022, arXiv 2203.11171).</summary>
/// <param name="Label">The label that most of them give, the earliest of equals.</param>
/// <param name="Agreeing">Answers that give it.</param>
/// <param name="Answers">Answers that have a label.</param>
public sealed record TeacherVote(string Label, int Agreeing, int Answers)
{
    /// <summary>The share of the answers that agree, from above 0 to 1.</summary>
    public double Agreement => (double)Agreeing / Answers;

    /// <summary>Counts the votes.</summary>
    /// <param name="task">When two labels are the same.</param>
    /// <param name="example">The row.</param>
    /// <param name="answers">The answers; those without a label do not vote.</param>
    /// <returns>Null where no answer has a label.</returns>
    public static TeacherVote? Of(TaskSpec task, Example example, IEnumerable<Annotation> answers)
    {
        var labels = answers.Where(answer => answer.Status == AnnotationStatus.Ok).Select(answer => answer.Label)
            .Where(label => !string.IsNullOrWhiteSpace(label)).OfType<string>().ToList();
        return labels
            .Select(label => new TeacherVote(label, labels.Count(other => Agree(task, example, label, other)), labels.Count))
            .MaxBy(vote => vote.Agreeing);
    }

    /// <summary>Whether two answers say the same.</summary>
    internal static bool Agree(TaskSpec task, Example example, string label, string other) =>
        task.IsCorrect(example with { Label = label }, other);
}
