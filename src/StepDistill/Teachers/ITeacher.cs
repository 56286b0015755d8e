using StepDistill.Annotations;
using StepDistill.Tasks;

namespace StepDistill.Teachers;

/// <summary>Anything that gives an example a label and a rationale.</summary>
/// <remarks>Safe for use by several threads at once.</remarks>
public interface ITeacher
{
    /// <summary>Who answers, such as <c>recorded</c> or a model's name; stored with every annotation and shown in reports.</summary>
    string Name { get; }

    /// <summary>Where the teacher gives several answers to a row, a teacher for each of them, itself the first; otherwise itself alone.</summary>
    IReadOnlyList<ITeacher> Answers => [this];

    /// <summary>Whether the teacher can be asked about an example at all; by default where its input is known.</summary>
    /// <param name="example">The example.</param>
    bool CanAnswer(Example example) => example.Input is not null;

    /// <summary>What a user should know about how the teacher has asked so far, in whole sentences.</summary>
    IReadOnlyList<string> Notes => [];

    /// <summary>The content key of the question about an example: equal keys are equal questions, and are asked once.</summary>
    /// <param name="example">An example that <see cref="CanAnswer"/> allows.</param>
    string KeyOf(Example example);

    /// <summary>Asks about one example.</summary>
    /// <param name="example">An example that <see cref="CanAnswer"/> allows.</param>
    /// <param name="cancellation">Gives up on the answer.</param>
    /// <returns>
    /// The annotation, its key that of <see cref="KeyOf"/>. An unreadable, refused or truncated reply and a failed
    /// request are results, not exceptions.
    /// </returns>
    /// <exception cref="StepDistillException">No question can succeed, such as with a wrong key: asking on makes no sense.</exception>
    Task<Annotation> AnswerAsync(Example example, CancellationToken cancellation = default);
}
