using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using StepDistill.Inference.Telemetry;

namespace StepDistill.Inference.Tests.Telemetry;

/// <summary>Hears what one factory's meters and the students' activity source say.</summary>
internal sealed class Listening : IDisposable
{
    private readonly MeterListener _meters = new();
    private readonly ActivityListener _activities;

    /// <param name="factory">Whose meters are heard: other tests have others.</param>
    /// <param name="root">Below which activity spans are heard.</param>
    public Listening(IMeterFactory factory, Activity root)
    {
        _meters.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter.Name == StudentTelemetry.Name && instrument.Meter.Scope == factory)
            {
                Instruments.Enqueue(instrument);
                listener.EnableMeasurementEvents(instrument);
            }
        };
        _meters.SetMeasurementEventCallback<double>(Hear);
        _meters.SetMeasurementEventCallback<long>((instrument, value, tags, state) => Hear(instrument, value, tags, state));
        _meters.SetMeasurementEventCallback<int>((instrument, value, tags, state) => Hear(instrument, value, tags, state));
        _meters.Start();
        _activities = new ActivityListener
        {
            ShouldListenTo = source => source.Name == StudentTelemetry.Name,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = activity =>
            {
                if (activity.TraceId == root.TraceId)
                {
                    Spans.Enqueue(activity);
                }
            },
        };
        ActivitySource.AddActivityListener(_activities);
    }

    public ConcurrentQueue<Instrument> Instruments { get; } = new();

    public ConcurrentQueue<Activity> Spans { get; } = new();

    public ConcurrentQueue<(string Name, double Value, Dictionary<string, object?> Tags)> Measured { get; } = new();

    public IEnumerable<(double Value, Dictionary<string, object?> Tags)> Of(string name) =>
        Measured.Where(one => one.Name == $"stepdistill.student.{name}").Select(one => (one.Value, one.Tags));

    public void Dispose()
    {
        _meters.Dispose();
        _activities.Dispose();
    }

    private void Hear(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags, object? state) =>
        Measured.Enqueue((instrument.Name, value, tags.ToArray().ToDictionary(tag => tag.Key, tag => tag.Value)));
}
