using StepDistill.Inference;
using StepDistill.Serving.Batching;
using StepDistill.Serving.Metrics;

namespace StepDistill.Serving.Tests.Batching;

/// <summary>Queues for tests, and what they are asked.</summary>
internal static class Queues
{
    public static BatchQueue Over(BatchLimits? limits = null, TimeProvider? clock = null) => new(
        limits ?? new BatchLimits(),
        (student, rows, stop) => student.Classify(rows, false, stop),
        new QueueMeters(new ServingMeters().Meter, "labels"),
        clock ?? TimeProvider.System);

    public static StudentQuestion Question(string input) => new(input);

    public static Task<IReadOnlyList<StudentAnswer>> AskAsync(this BatchQueue queue, IStudentClassifier student, params string[] inputs) =>
        queue.AskAsync(student, [.. inputs.Select(Question)], null, TestContext.Current.CancellationToken);
}
