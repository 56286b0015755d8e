using System.Diagnostics.Metrics;

namespace StepDistill.Inference.Telemetry;

/// <summary>The instruments of all students of one application.</summary>
internal sealed class StudentMeters
{
    private static readonly Meter Own = new(StudentTelemetry.Name, StudentTelemetry.Version);

    /// <summary>Finds the instruments: a meter gives those it has under the same names again.</summary>
    /// <param name="factory">The application's, or null: then one meter serves the whole process.</param>
    public StudentMeters(IMeterFactory? factory)
    {
        var meter = factory?.Create(StudentTelemetry.Name, StudentTelemetry.Version) ?? Own;

        // From a fraction of a millisecond for a label to minutes for a batch with reasons.
        Duration = meter.CreateHistogram(
            "stepdistill.student.duration", "s", "How long a call took: a label, a batch or reasons.", tags: null, Buckets(
                0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60));
        Questions = meter.CreateCounter<long>("stepdistill.student.questions", "{question}", "Questions answered.");
        InputTokens = meter.CreateHistogram(
            "stepdistill.student.input_tokens", "{token}", "Tokens of an input, after cutting.", tags: null, new InstrumentAdvice<int>
            {
                HistogramBucketBoundaries = [8, 16, 32, 64, 128, 256, 512, 1024, 2048],
            });
        Cut = meter.CreateCounter<long>("stepdistill.student.cut", "{question}", "Questions that were longer than the student reads.");
        Confidence = meter.CreateHistogram(
            "stepdistill.student.confidence", "1", "How likely an answer is right.", tags: null, Buckets(
                0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99));
        Familiarity = meter.CreateHistogram(
            "stepdistill.student.familiarity", "1", "How usual an input is.", tags: null, Buckets(
                0.001, 0.01, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9));
    }

    public Histogram<double> Duration { get; }

    public Counter<long> Questions { get; }

    public Histogram<int> InputTokens { get; }

    public Counter<long> Cut { get; }

    public Histogram<double> Confidence { get; }

    public Histogram<double> Familiarity { get; }

    private static InstrumentAdvice<double> Buckets(params double[] boundaries) => new() { HistogramBucketBoundaries = boundaries };
}
