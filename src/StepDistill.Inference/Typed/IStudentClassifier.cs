namespace StepDistill.Inference.Typed;

/// <summary>A student whose labels are the members of an enum.</summary>
/// <typeparam name="TLabel">An enum with one member for each label of the student.</typeparam>
/// <remarks>
/// Made by <see cref="TypedStudentExtensions.As{TLabel}"/> or <c>services.AddStudent&lt;TLabel&gt;(…)</c>; does not own the
/// student. Safe for use by any number of threads at once.
/// </remarks>
public interface IStudentClassifier<TLabel> where TLabel : struct, Enum
{
    /// <summary>The student itself.</summary>
    IStudentClassifier Untyped { get; }

    /// <summary>Answers one question.</summary>
    /// <param name="input">The input as the task's template builds it.</param>
    /// <param name="withRationales">Whether to generate reasons too, which costs many times the label.</param>
    /// <param name="cancellation">Stops between tokens of reasons.</param>
    StudentAnswer<TLabel> Classify(string input, bool withRationales = false, CancellationToken cancellation = default);

    /// <summary>Answers questions, each on its own; the order of answers is the order of questions.</summary>
    /// <param name="questions">The questions. Any text can be asked; one too long is cut, and the answer says so.</param>
    /// <param name="withRationales">Whether to generate reasons too, which costs many times the label.</param>
    /// <param name="cancellation">Stops between batches, and between tokens of reasons.</param>
    IReadOnlyList<StudentAnswer<TLabel>> Classify(
        IReadOnlyList<StudentQuestion> questions, bool withRationales = false, CancellationToken cancellation = default);
}
