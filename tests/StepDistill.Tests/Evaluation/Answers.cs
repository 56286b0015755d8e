using StepDistill.Evaluation;
using StepDistill.Students;
using StepDistill.Tasks;

namespace StepDistill.Tests.Evaluation;

/// <summary>A task of our own, rows for it, and a student that answers from a list.</summary>
internal static class Answers
{
    public static TaskSpec Birds { get; } = new()
    {
        Name = "birds",
        Answer = AnswerKind.Label,
        Labels = ["sparrow", "crow", "owl"],
    };

    public static Example Row(int number, string? label) =>
        new() { Id = $"row-{number}", Input = $"bird {number}", Label = label };

    public static Example[] Rows(params string?[] labels) => [.. labels.Select((label, number) => Row(number, label))];

    public static EvaluationReport Score(this Evaluator evaluator, IStudent student, IReadOnlyList<Example> rows) =>
        evaluator.Evaluate(student, rows, "finetune-1-seed0", "test", null, TestContext.Current.CancellationToken);

    internal sealed class Student(params string[] labels) : IStudent
    {
        private int _next;

        public List<int> BatchSizes { get; } = [];

        public IReadOnlyList<Prediction> Predict(
            IReadOnlyList<string> inputs, bool withRationale = false, CancellationToken cancellation = default)
        {
            BatchSizes.Add(inputs.Count);
            return
            [
                .. inputs.Select(input =>
                    new Prediction(labels[_next++], withRationale ? $"because {input} looks so" : null)),
            ];
        }

        public void Dispose()
        {
        }
    }
}
