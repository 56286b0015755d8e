using StepDistill.Inference;
using StepDistill.Tasks;

namespace StepDistill.Benchmarks.Serving;

/// <summary>A student that computes nothing of use, and takes about as long as a small one: some for a batch, more for each token of its longest row.</summary>
/// <param name="threads">Processors that share a batch.</param>
internal sealed class FakeStudent(int threads) : IStudentClassifier
{
    public const string Name = "fake";

    private const int StepsPerBatch = 1_000_000;
    private const int StepsPerToken = 30_000;

    private double _sum;        // kept, or the compiler would see that nobody needs it and leave the work out

    public StudentDescription Description { get; } = new("fake", "000000000000", "none", AnswerKind.Label, ["yes", "no"], 512, false, "float32");

    public IReadOnlyList<StudentAnswer> Classify(
        IReadOnlyList<StudentQuestion> questions, bool withRationales = false, CancellationToken cancellation = default)
    {
        var steps = StepsPerBatch + ((long)StepsPerToken * questions.Count * questions.Max(question => CountTokens(question.Input)));
        Parallel.For(0, threads, new ParallelOptions { MaxDegreeOfParallelism = threads }, _ => Volatile.Write(ref _sum, Compute(steps / threads)));
        return [.. questions.Select(question => new StudentAnswer
        {
            Label = "yes", Confidence = 0.75, Probabilities = [new("yes", 0.75), new("no", 0.25)], InputTokens = CountTokens(question.Input),
        })];
    }

    public IAsyncEnumerable<string> ExplainAsync(StudentQuestion question, CancellationToken cancellation = default) => throw new NotSupportedException();

    public int CountTokens(string input) => 2 + (input.Length / 4);

    public void Dispose()
    {
    }

    private static double Compute(long steps)
    {
        var sum = 1.0;
        for (var i = 0L; i < steps; i++)
        {
            sum = (sum * 0.999) + 1e-3;
        }

        return sum;
    }
}
