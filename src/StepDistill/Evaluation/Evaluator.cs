using StepDistill.Students;
using StepDistill.Tasks;

namespace StepDistill.Evaluation;

/// <summary>Lets a student answer rows and counts what is right.</summary>
/// <remarks>Holds no state, so one evaluator may serve several students in turn.</remarks>
public sealed class Evaluator
{
    private readonly TaskSpec _task;

    /// <summary>Creates the evaluator.</summary>
    /// <param name="task">Says when a label is right.</param>
    public Evaluator(TaskSpec task) => _task = task;

    /// <summary>Rows that the student is given at a time. Default: 64.</summary>
    public int BatchSize { get; init; } = 64;

    /// <summary>
    /// Whether to let the student write rationales too, which costs time and changes no label. Default: no.
    /// </summary>
    public bool WithRationale { get; init; }

    /// <summary>
    /// Rationales by row id, such as the teacher's, with which the student's are compared; ignored unless
    /// <see cref="WithRationale"/>.
    /// </summary>
    public IReadOnlyDictionary<string, string>? ReferenceRationales { get; init; }

    /// <summary>Tells how long answering takes.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>Evaluates a student.</summary>
    /// <param name="student">Who answers.</param>
    /// <param name="examples">
    /// The rows. Those without an input or a gold label are skipped, and counted as such.
    /// </param>
    /// <param name="subject">What to call the student in the report.</param>
    /// <param name="split">What to call the rows, such as <c>test</c>.</param>
    /// <param name="progress">Told the number of rows answered so far, after each batch.</param>
    /// <param name="cancellation">Stops between batches.</param>
    /// <exception cref="StepDistillException">Two rows have the same id.</exception>
    public EvaluationReport Evaluate(
        IStudent student,
        IReadOnlyList<Example> examples,
        string subject,
        string split,
        IProgress<int>? progress = null,
        CancellationToken cancellation = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(BatchSize, 1);
        var asked = examples.Where(example => example is { Input: not null, Label: not null }).ToList();
        var answers = new List<Answer>(asked.Count);
        var start = Clock.GetTimestamp();
        foreach (var batch in asked.Chunk(BatchSize))
        {
            cancellation.ThrowIfCancellationRequested();
            var said = student.Predict([.. batch.Select(example => example.Input!)], WithRationale, cancellation);
            if (said.Count != batch.Length)
            {
                throw new InvalidOperationException(
                    $"The student gave {said.Count} answers to {batch.Length} inputs; it must give one to each.");
            }

            answers.AddRange(batch.Zip(said, (example, one) => new Answer(example, one.Label, one.Rationale, one.Confidence)));
            progress?.Report(answers.Count);
        }

        var seconds = Clock.GetElapsedTime(start).TotalSeconds;
        return ScoreSheet.Score(
            _task, subject, split, answers, examples.Count - asked.Count, WithRationale ? ReferenceRationales : null)
            with { Seconds = seconds };
    }
}
