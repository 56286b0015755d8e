using StepDistill.Inference;
using StepDistill.Tasks;

namespace StepDistill.Cli.Tests;

/// <summary>An exported student that answers by a rule.</summary>
internal sealed class FakeClassifier(Func<string, StudentAnswer> answer) : IStudentClassifier
{
    public bool IsDisposed { get; private set; }

    public StudentDescription Description { get; } = new("birds", "0123456789ab", "birds", AnswerKind.Label, ["fly", "swim"], 64, false, "float32");

    public IReadOnlyList<StudentAnswer> Classify(
        IReadOnlyList<StudentQuestion> questions, bool withRationales = false, CancellationToken cancellation = default) =>
        [.. questions.Select(question => answer(question.Input))];

    public IAsyncEnumerable<string> ExplainAsync(StudentQuestion question, CancellationToken cancellation = default) => throw new NotSupportedException();

    public int CountTokens(string input) => input.Length;

    public void Dispose() => IsDisposed = true;
}
