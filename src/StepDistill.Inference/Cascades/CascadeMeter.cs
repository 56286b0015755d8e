using System.Diagnostics.Metrics;

namespace StepDistill.Inference.Cascades;

/// <summary>A cascade's metrics, on the meter <see cref="Name"/>: who answers, and whether calls still look as they did.</summary>
internal sealed class CascadeMeter : IDisposable
{
    /// <summary>The meter's name.</summary>
    public const string Name = "StepDistill.Inference.Cascade";

    private readonly Meter _meter;
    private readonly Counter<long> _calls;

    /// <param name="student">Tells several cascades of one process apart.</param>
    /// <param name="drift">What to publish.</param>
    /// <param name="largeToday">The large model's calls of the day; null where they are not counted.</param>
    public CascadeMeter(StudentDescription student, DriftSignals drift, Func<int>? largeToday)
    {
        KeyValuePair<string, object?>[] tags = [new("student", student.Name), new("student_version", student.Version)];
        _meter = new Meter(Name, version: null, tags);
        _calls = _meter.CreateCounter<long>("stepdistill.cascade.calls", "{call}", "Calls by who answered (answered_by: student, large_model, nobody) and why.");
        Gauge("answered_share", "Share of the newest calls that the student answered.", look => look.AnsweredShare);
        Gauge("label_shift", "Total variation between the mix of labels now and before.", look => look.LabelShift);
        Gauge("label_stability", "Population stability index of the mix of labels.", look => look.LabelStability);
        Gauge("confidence_distance", "Kolmogorov-Smirnov distance between the student's confidence now and before.", look => look.ConfidenceDistance);
        Gauge("unusual_share", "Share of inputs unlike those that the student knows.", look => look.UnusualShare);
        Gauge("cut_share", "Share of inputs that were cut.", look => look.CutShare);
        Gauge("agreement", "Share of audited answers with which the large model agreed.", look => look.Agreement);
        Gauge("agreement_low", "Lower end of that share's 95 % interval.", look => look.AgreementInterval?.Low);
        Gauge("agreement_high", "Upper end of that share's 95 % interval.", look => look.AgreementInterval?.High);
        Gauge("alarms", "Signals that differ from before by more than chance.", look => look.Alarms.Count);
        if (largeToday is not null)
        {
            _meter.CreateObservableGauge("stepdistill.cascade.large_calls_today", largeToday, "{call}", "Calls of the large model in this day of UTC.");
        }

        void Gauge(string name, string description, Func<DriftSnapshot, double?> value) => _meter.CreateObservableGauge(
            "stepdistill.cascade." + name,
            () => value(drift.Look()) is { } now ? [new Measurement<double>(now)] : (IEnumerable<Measurement<double>>)[],
            unit: null, description);
    }

    /// <summary>Counts a call.</summary>
    public void Count(string answeredBy, string why) => _calls.Add(1, new("answered_by", answeredBy), new KeyValuePair<string, object?>("why", why));

    /// <inheritdoc/>
    public void Dispose() => _meter.Dispose();
}
