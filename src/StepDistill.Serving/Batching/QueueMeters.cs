using System.Diagnostics.Metrics;
using StepDistill.Inference;
using StepDistill.Serving.Metrics;

namespace StepDistill.Serving.Batching;

/// <summary>What one queue counts and measures; <c>lane</c> tells queues apart.</summary>
internal sealed class QueueMeters
{
    private readonly KeyValuePair<string, object?> _lane;
    private readonly Meter _meter;
    private readonly Counter<long> _questions;
    private readonly Counter<long> _tokens;
    private readonly Counter<long> _cut;
    private readonly Histogram<double> _wait;
    private readonly Histogram<double> _time;
    private readonly Histogram<int> _rows;

    /// <summary>Creates a queue's instruments.</summary>
    /// <param name="meter">The meter.</param>
    /// <param name="lane">The queue's name.</param>
    public QueueMeters(Meter meter, string lane)
    {
        (_meter, _lane) = (meter, new("lane", lane));
        _questions = meter.CreateCounter<long>("stepdistill_questions_total", null, "Questions, by what became of them.");
        _tokens = meter.CreateCounter<long>("stepdistill_input_tokens_total", null, "Tokens read, after cutting.");
        _cut = meter.CreateCounter<long>("stepdistill_cut_inputs_total", null, "Inputs longer than the student reads.");
        _wait = meter.CreateHistogram("stepdistill_queue_wait_seconds", "s", "Time a question waited for its batch.", null, ServingMeters.Seconds);
        _time = meter.CreateHistogram("stepdistill_batch_seconds", "s", "Time a batch took to compute.", null, ServingMeters.Seconds);
        _rows = meter.CreateHistogram(
            "stepdistill_batch_rows", null, "Questions in a batch.", null,
            new InstrumentAdvice<int> { HistogramBucketBoundaries = [1, 2, 4, 8, 16, 32, 64, 128] });
    }

    /// <summary>Tells the queue's state whenever the meter is read.</summary>
    public void Watch(Func<(int Rows, long Tokens, double? TokensPerSecond)> state)
    {
        _meter.CreateObservableGauge("stepdistill_queued_questions", () => new Measurement<long>(state().Rows, _lane), null, "Questions that wait.");
        _meter.CreateObservableGauge("stepdistill_queued_tokens", () => new Measurement<long>(state().Tokens, _lane), null, "Their tokens, about.");
        _meter.CreateObservableGauge(
            "stepdistill_tokens_per_second",
            () => state().TokensPerSecond is { } rate ? [new Measurement<double>(rate, _lane)] : Array.Empty<Measurement<double>>(),
            null,
            "Tokens computed a second in full batches.");
    }

    /// <summary>A question's batch has begun.</summary>
    public void Began(TimeSpan waited) => _wait.Record(waited.TotalSeconds, _lane);

    /// <summary>A batch has ended.</summary>
    public void Computed(int rows, TimeSpan time)
    {
        _rows.Record(rows, _lane);
        _time.Record(time.TotalSeconds, _lane);
    }

    /// <summary>A question was answered.</summary>
    public void Answered(StudentAnswer answer)
    {
        Count("answered", 1);
        _tokens.Add(answer.InputTokens, _lane);
        if (answer.Cut)
        {
            _cut.Add(1, _lane);
        }
    }

    /// <summary>The student could not answer.</summary>
    public void Failed(int questions) => Count("failed", questions);

    /// <summary>Nobody waited any more.</summary>
    public void Withdrawn(int questions) => Count("withdrawn", questions);

    /// <summary>Too much was asked.</summary>
    public void Refused(Refusal reason, int questions) => Count(
        reason switch { Refusal.Full => "refused_full", Refusal.TooSlow => "refused_slow", Refusal.Expired => "expired", _ => "refused_stopping" },
        questions);

    private void Count(string outcome, int questions) => _questions.Add(questions, _lane, new("outcome", outcome));
}
