using System.Runtime.CompilerServices;
using StepDistill.Inference.Cascades;
using StepDistill.Tasks;

namespace StepDistill.Inference.Tests.Cascades;

/// <summary>A student of birds that answers by a rule, and notes what it was asked.</summary>
internal sealed class SureStudent(Func<string, StudentAnswer> answer) : IStudentClassifier
{
    public List<string> Asked { get; } = [];

    public StudentDescription Description { get; set; } = new("birds", "v1", "birds", AnswerKind.Label, ["fly", "swim"], 64, false, "float32");

    /// <summary>A student that says "fly", as sure as the input says: "0.7 what a crow does".</summary>
    public static SureStudent Saying(double? familiarity = null) => new(input => new()
    {
        Label = "fly",
        Confidence = double.Parse(input.Split(' ')[0], System.Globalization.CultureInfo.InvariantCulture),
        Familiarity = familiarity,
    });

    /// <summary>Settings with a threshold.</summary>
    public static CascadeFile Cascade(double threshold, double floor = 0) => new()
    {
        Plan = new() { Target = CascadeTarget.Accuracy(0.5), Rule = new(threshold, floor), Rows = 1 },
        Baseline = new() { Rows = 0 },
    };

    public IReadOnlyList<StudentAnswer> Classify(
        IReadOnlyList<StudentQuestion> questions, bool withRationales = false, CancellationToken cancellation = default)
    {
        cancellation.ThrowIfCancellationRequested();
        lock (Asked)
        {
            Asked.AddRange(questions.Select(question => question.Input));
        }

        return [.. questions.Select(question => answer(question.Input))];
    }

    public async IAsyncEnumerable<string> ExplainAsync(StudentQuestion question, [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        await Task.CompletedTask;
        yield break;
    }

    public int CountTokens(string input) => input.Length;

    public void Dispose()
    {
    }
}
