using System.Collections.Frozen;

namespace StepDistill.Inference.Typed;

/// <summary>Asks a student and names its labels by members of an enum.</summary>
/// <typeparam name="TLabel">The enum.</typeparam>
/// <param name="student">The student.</param>
/// <param name="labels">The member for each of its labels.</param>
internal sealed class TypedStudent<TLabel>(IStudentClassifier student, FrozenDictionary<string, TLabel> labels) : IStudentClassifier<TLabel>
    where TLabel : struct, Enum
{
    public IStudentClassifier Untyped => student;

    public StudentAnswer<TLabel> Classify(string input, bool withRationales = false, CancellationToken cancellation = default) =>
        Classify([new StudentQuestion(input)], withRationales, cancellation)[0];

    public IReadOnlyList<StudentAnswer<TLabel>> Classify(
        IReadOnlyList<StudentQuestion> questions, bool withRationales = false, CancellationToken cancellation = default) =>
    [
        .. student.Classify(questions, withRationales, cancellation).Select(answer => new StudentAnswer<TLabel>
        {
            Label = labels[answer.Label],
            Confidence = answer.Confidence,
            Probabilities =
            [
                .. answer.Probabilities.Select(one => new LabelProbability<TLabel>(labels[one.Label], one.Probability)),
            ],
            Untyped = answer,
        }),
    ];
}
