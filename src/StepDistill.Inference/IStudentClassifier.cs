namespace StepDistill.Inference;

/// <summary>A student at work: labels with calibrated confidence, and reasons when asked.</summary>
/// <remarks>Safe for use by any number of threads at once.</remarks>
public interface IStudentClassifier : IDisposable
{
    /// <summary>What it is.</summary>
    StudentDescription Description { get; }

    /// <summary>Answers questions, each on its own; the order of answers is the order of questions.</summary>
    /// <param name="questions">The questions. Any text can be asked; one too long is cut, and the answer says so.</param>
    /// <param name="withRationales">Whether to generate reasons too, which costs many times the label.</param>
    /// <param name="cancellation">Stops between batches, and between tokens of reasons.</param>
    /// <exception cref="StepDistillException">A question of a task with choices brings none.</exception>
    IReadOnlyList<StudentAnswer> Classify(
        IReadOnlyList<StudentQuestion> questions, bool withRationales = false, CancellationToken cancellation = default);

    /// <summary>Writes the reasons for one question, piece by piece, as they are generated.</summary>
    /// <param name="question">The question.</param>
    /// <param name="cancellation">Stops between tokens.</param>
    /// <exception cref="NotSupportedException">The student was not trained to give reasons.</exception>
    IAsyncEnumerable<string> ExplainAsync(StudentQuestion question, CancellationToken cancellation = default);

    /// <summary>Counts the tokens of an input as the student reads it, prefix and end mark included, before cutting.</summary>
    /// <param name="input">Any text.</param>
    int CountTokens(string input);
}
