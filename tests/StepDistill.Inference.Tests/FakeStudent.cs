using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using StepDistill.Tasks;

namespace StepDistill.Inference.Tests;

/// <summary>A student without a model: answers as a test says, and remembers what it was asked.</summary>
internal sealed class FakeStudent : IStudentClassifier
{
    private int _disposals;

    public StudentDescription Description { get; init; } = new(
        "mood", "0123456789ab", "mood", AnswerKind.Label, ["good", "bad"], MaxInputTokens: 16, GivesRationales: true, "float32");

    /// <summary>The label for an input. Default: good where the sun is in it, else bad.</summary>
    public Func<StudentQuestion, string> Label { get; init; } =
        question => question.Input.Contains("sun", StringComparison.Ordinal) ? "good" : "bad";

    public IReadOnlyList<string> Reasons { get; init; } = ["Rain ", "is wet."];

    /// <summary>Whether it gives reasons also to those who do not ask, as one does that writes reasons and label in one text.</summary>
    public bool ReasonsUnasked { get; init; }

    /// <summary>Null for the label's and one other's.</summary>
    public IReadOnlyList<LabelProbability>? Probabilities { get; init; }

    public double? Familiarity { get; init; } = 0.5;

    /// <summary>Runs before each answer and each piece of reasons.</summary>
    public Action Before { get; init; } = () => { };

    public ConcurrentQueue<(StudentQuestion Question, bool WithRationales)> Asked { get; } = new();

    public int Disposals => _disposals;

    public IReadOnlyList<StudentAnswer> Classify(
        IReadOnlyList<StudentQuestion> questions, bool withRationales = false, CancellationToken cancellation = default)
    {
        return [.. questions.Select(Answer)];

        StudentAnswer Answer(StudentQuestion question)
        {
            cancellation.ThrowIfCancellationRequested();
            Before();
            Asked.Enqueue((question, withRationales));
            var label = Label(question);
            return new StudentAnswer
            {
                Label = label,
                Confidence = 0.75,
                Probabilities = Probabilities ?? [new(label, 0.75), .. Description.Labels.Where(other => other != label).Take(1).Select(other => new LabelProbability(other, 0.25))],
                Familiarity = Familiarity,
                InputTokens = Math.Min(CountTokens(question.Input), Description.MaxInputTokens),
                Cut = CountTokens(question.Input) > Description.MaxInputTokens,
                Rationale = (withRationales || ReasonsUnasked) && Description.GivesRationales ? string.Concat(Reasons).Trim() : null,
            };
        }
    }

    public async IAsyncEnumerable<string> ExplainAsync(
        StudentQuestion question, [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        foreach (var piece in Reasons)
        {
            cancellation.ThrowIfCancellationRequested();
            await Task.Yield();
            Before();
            yield return piece;
        }
    }

    /// <summary>Two for prefix and end mark, and one for each word.</summary>
    public int CountTokens(string input) => 2 + input.Split(' ', StringSplitOptions.RemoveEmptyEntries).Length;

    public void Dispose() => Interlocked.Increment(ref _disposals);
}
