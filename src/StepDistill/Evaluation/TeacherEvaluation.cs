using StepDistill.Annotations;
using StepDistill.Tasks;

namespace StepDistill.Evaluation;

/// <summary>
/// Scores a teacher by the answers that are stored: a row of its own beside the students, on the same rows.
/// </summary>
public static class TeacherEvaluation
{
    /// <summary>Evaluates the teacher.</summary>
    /// <param name="task">Says when a label is right.</param>
    /// <param name="examples">The rows. Those without an input or a gold label are skipped, as for students.</param>
    /// <param name="annotations">
    /// Its answers by <see cref="Example.Id"/>. An answer that could not be read counts as wrong; a row about which it
    /// was never asked is skipped.
    /// </param>
    /// <param name="teacher">What to call it.</param>
    /// <param name="split">What to call the rows.</param>
    /// <exception cref="StepDistillException">Two rows have the same id.</exception>
    public static EvaluationReport Evaluate(
        TaskSpec task,
        IReadOnlyList<Example> examples,
        IReadOnlyDictionary<string, Annotation> annotations,
        string teacher,
        string split)
    {
        var answers = (
            from example in examples
            where example is { Input: not null, Label: not null } && annotations.ContainsKey(example.Id)
            let annotation = annotations[example.Id]
            select new Answer(example, annotation.Label, annotation.Rationale)).ToList();
        return ScoreSheet.Score(task, teacher, split, answers, examples.Count - answers.Count);
    }
}
