using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using StepDistill.Inference;
using StepDistill.Tasks;

namespace StepDistill.Serving.Tests;

/// <summary>A student that echoes: the label is the input, so a mixed-up answer shows.</summary>
internal sealed class FakeStudent : IStudentClassifier
{
    private int _computing;
    private int _disposed;

    public string Version { get; init; } = "000000000001";

    public bool GivesRationales { get; init; } = true;

    public AnswerKind Answer { get; init; } = AnswerKind.Label;

    /// <summary>Called with each batch before it is answered: to wait, to throw, to block.</summary>
    public Action<IReadOnlyList<StudentQuestion>, CancellationToken>? Before { get; init; }

    /// <summary>Every batch, warm-up included.</summary>
    public ConcurrentQueue<IReadOnlyList<StudentQuestion>> Batches { get; } = [];

    public bool IsDisposed => _disposed > 0;

    public StudentDescription Description => new(
        "echo", Version, "echoes", Answer, Answer == AnswerKind.Label ? ["yes", "no"] : [], 128, GivesRationales, "float32");

    /// <summary>A student that takes a time for a batch and a time for each row.</summary>
    public static FakeStudent Slow(double batch, double row = 0, string version = "000000000001") => new()
    {
        Version = version,
        Before = (rows, stop) => stop.WaitHandle.WaitOne(TimeSpan.FromMilliseconds(batch + (row * rows.Count))),
    };

    public IReadOnlyList<StudentAnswer> Classify(
        IReadOnlyList<StudentQuestion> questions, bool withRationales = false, CancellationToken cancellation = default)
    {
        Interlocked.Increment(ref _computing);
        try
        {
            Assert.False(IsDisposed, "A disposed student was asked.");
            Batches.Enqueue([.. questions]);
            Before?.Invoke(questions, cancellation);
            cancellation.ThrowIfCancellationRequested();
            Assert.False(IsDisposed, "A student was disposed while it computed.");
            return [.. questions.Select(question => Say(question, withRationales))];
        }
        finally
        {
            Interlocked.Decrement(ref _computing);
        }
    }

    public async IAsyncEnumerable<string> ExplainAsync(
        StudentQuestion question, [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        foreach (var word in Why(question.Input).Split(' '))
        {
            await Task.Yield();
            cancellation.ThrowIfCancellationRequested();
            yield return word + " ";
        }
    }

    public int CountTokens(string input) => 2 + (input.Length / 4);

    public void Dispose() => Interlocked.Increment(ref _disposed);

    private StudentAnswer Say(StudentQuestion question, bool withRationales)
    {
        if (Answer == AnswerKind.Choice && question.Choices is null)
        {
            throw new StepDistillException("The question has no choices.");
        }

        return new StudentAnswer
        {
            Label = question.Choices?[0] ?? question.Input,
            Confidence = 0.75,
            Probabilities = [new(question.Choices?[0] ?? question.Input, 0.75), new("no", 0.25)],
            Familiarity = 0.5,
            InputTokens = Math.Min(128, CountTokens(question.Input)),
            Cut = CountTokens(question.Input) > 128,
            Rationale = withRationales ? Why(question.Input) : null,
        };
    }

    private static string Why(string input) => $"because of {input}";
}
