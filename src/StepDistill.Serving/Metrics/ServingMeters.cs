using System.Diagnostics.Metrics;
using StepDistill.Inference;

namespace StepDistill.Serving.Metrics;

/// <summary>What the server counts and measures, under the meter <see cref="Name"/>.</summary>
/// <remarks>An application that hosts the endpoints itself may listen to the meter with whatever it uses; <c>/metrics</c> does so too.</remarks>
internal sealed class ServingMeters : IDisposable
{
    /// <summary>The meter's name.</summary>
    public const string Name = "StepDistill.Serving";

    private readonly Counter<long> _requests;
    private readonly Histogram<double> _requestTime;
    private readonly Counter<long> _changes;

    /// <summary>Creates the meter.</summary>
    public ServingMeters()
    {
        _requests = Meter.CreateCounter<long>("stepdistill_requests_total", null, "Requests answered, by route and status.");
        _requestTime = Meter.CreateHistogram(
            "stepdistill_request_seconds", "s", "Time from a request's headers to the end of its answer.", null, Seconds);
        _changes = Meter.CreateCounter<long>("stepdistill_student_changes_total", null, "Changes of the student, by outcome.");
    }

    /// <summary>Bounds of times, in seconds.</summary>
    public static InstrumentAdvice<double> Seconds { get; } = new()
    {
        HistogramBucketBoundaries = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
    };

    /// <summary>The meter.</summary>
    public Meter Meter { get; } = new(Name);

    /// <summary>A request has been answered.</summary>
    /// <param name="route">The route's pattern: never a path that a client made up.</param>
    /// <param name="status">The status.</param>
    /// <param name="time">How long it took.</param>
    public void Answered(string route, int status, TimeSpan time)
    {
        _requests.Add(1, new("route", route), new("status", Statuses.Text(status)));
        _requestTime.Record(time.TotalSeconds, new KeyValuePair<string, object?>("route", route));
    }

    /// <summary>Another student answers now, or could not be opened.</summary>
    public void Changed(bool well) => _changes.Add(1, new KeyValuePair<string, object?>("outcome", well ? "changed" : "refused"));

    /// <summary>Tells which student answers.</summary>
    public void Watch(Func<StudentDescription?> student) => Meter.CreateObservableGauge(
        "stepdistill_student_info",
        () => student() is { } now
            ? [new Measurement<long>(1, new("name", now.Name), new("version", now.Version), new("precision", now.Precision))]
            : Array.Empty<Measurement<long>>(),
        null,
        "The student that answers.");

    /// <inheritdoc/>
    public void Dispose() => Meter.Dispose();

    private static class Statuses
    {
        private static readonly string[] Texts = [.. Enumerable.Range(0, 600).Select(status => $"{status}")];

        public static string Text(int status) => status is >= 0 and < 600 ? Texts[status] : "other";
    }
}
