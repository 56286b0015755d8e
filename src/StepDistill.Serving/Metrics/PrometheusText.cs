using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Globalization;
using System.Text;

namespace StepDistill.Serving.Metrics;

/// <summary>Listens to one meter, and writes what it has heard in Prometheus' text form 0.0.4.</summary>
/// <remarks>
/// Ours, and short, because the exporter of OpenTelemetry for ASP.NET Core exists in pre-release versions only and brings a whole SDK.
/// Form: https://prometheus.io/docs/instrumenting/exposition_formats/.
/// </remarks>
internal sealed class PrometheusText : IDisposable
{
    /// <summary>The content type of the text.</summary>
    public const string ContentType = "text/plain; version=0.0.4; charset=utf-8";

    private readonly Lock _gate = new();
    private readonly Lock _writing = new();
    private readonly SortedDictionary<string, Family> _families = new(StringComparer.Ordinal);
    private readonly MeterListener _listener = new();

    /// <summary>Begins to listen.</summary>
    /// <param name="meter">This meter alone, not others of the same name.</param>
    public PrometheusText(Meter meter)
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (ReferenceEquals(instrument.Meter, meter))
            {
                listener.EnableMeasurementEvents(instrument, FamilyOf(instrument));
            }
        };
        _listener.SetMeasurementEventCallback<long>((instrument, value, tags, family) => ((Family)family!).Add(value, tags));
        _listener.SetMeasurementEventCallback<int>((instrument, value, tags, family) => ((Family)family!).Add(value, tags));
        _listener.SetMeasurementEventCallback<double>((instrument, value, tags, family) => ((Family)family!).Add(value, tags));
        _listener.Start();
    }

    /// <summary>Writes everything.</summary>
    public string Write()
    {
        lock (_writing)
        {
            foreach (var family in Families())
            {
                family.ForgetGauges();
            }

            _listener.RecordObservableInstruments();
            var text = new StringBuilder();
            foreach (var family in Families())
            {
                family.WriteTo(text);
            }

            WriteProcess(text);
            return text.ToString();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _listener.Dispose();

    private Family[] Families()
    {
        lock (_gate)
        {
            return [.. _families.Values];
        }
    }

    private Family FamilyOf(Instrument instrument)
    {
        lock (_gate)
        {
            // Two queues have instruments of the same name, told apart by a tag.
            if (!_families.TryGetValue(instrument.Name, out var family))
            {
                _families.Add(instrument.Name, family = new Family(instrument));
            }

            return family;
        }
    }

    private static void WriteProcess(StringBuilder text)
    {
        using var process = Process.GetCurrentProcess();
        var begun = new DateTimeOffset(process.StartTime).ToUnixTimeMilliseconds() / 1000.0;
        One("process_cpu_seconds_total", "counter", "Processor time, in seconds.", process.TotalProcessorTime.TotalSeconds);
        One("process_resident_memory_bytes", "gauge", "Resident memory.", process.WorkingSet64);
        One("process_start_time_seconds", "gauge", "Start, in seconds since 1970.", begun);
        One("dotnet_heap_bytes", "gauge", "Managed memory in use.", GC.GetTotalMemory(forceFullCollection: false));

        void One(string name, string type, string help, double value) => text
            .Append("# HELP ").Append(name).Append(' ').Append(help).Append('\n')
            .Append("# TYPE ").Append(name).Append(' ').Append(type).Append('\n')
            .Append(name).Append(' ').Append(value.ToString("R", CultureInfo.InvariantCulture)).Append('\n');
    }
}
