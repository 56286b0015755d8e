using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Globalization;
using System.Text;

namespace StepDistill.Serving.Metrics;

/// <summary>One metric with all its series. Safe for use by several threads at once.</summary>
internal sealed class Family
{
    private readonly ConcurrentDictionary<string, Series> _series = new(StringComparer.Ordinal);
    private readonly string _name;
    private readonly string _help;
    private readonly string _type;
    private readonly double[] _bounds = [];

    /// <summary>Creates it from its instrument.</summary>
    public Family(Instrument instrument)
    {
        (_name, _help) = (instrument.Name, instrument.Description ?? "");
        _type = instrument switch
        {
            Counter<long> => "counter",
            Histogram<double> or Histogram<int> => "histogram",
            _ => "gauge",
        };
        _bounds = instrument switch
        {
            Histogram<double> times => [.. times.Advice?.HistogramBucketBoundaries ?? []],
            Histogram<int> counts => [.. (counts.Advice?.HistogramBucketBoundaries ?? []).Select(bound => (double)bound)],
            _ => [],
        };
    }

    /// <summary>Adds a measurement.</summary>
    public void Add(double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var series = _series.GetOrAdd(Labels(tags), static (_, buckets) => new Series(buckets), _bounds.Length + 1);
        lock (series)
        {
            series.Sum = _type == "gauge" ? value : series.Sum + value;
            if (_type == "histogram")
            {
                var bucket = 0;
                while (bucket < _bounds.Length && value > _bounds[bucket])
                {
                    bucket++;
                }

                series.Buckets[bucket]++;
            }
        }
    }

    /// <summary>Forgets gauges, which are all told anew when they are read.</summary>
    public void ForgetGauges()
    {
        if (_type == "gauge")
        {
            _series.Clear();
        }
    }

    /// <summary>Writes all series.</summary>
    public void WriteTo(StringBuilder text)
    {
        text.Append("# HELP ").Append(_name).Append(' ').Append(_help).Append('\n')
            .Append("# TYPE ").Append(_name).Append(' ').Append(_type).Append('\n');
        foreach (var (labels, series) in _series.OrderBy(pair => pair.Key, StringComparer.Ordinal))
        {
            lock (series)
            {
                if (_type == "histogram")
                {
                    WriteHistogram(text, labels, series);
                }
                else
                {
                    Line(text, _name, labels, series.Sum);
                }
            }
        }
    }

    private void WriteHistogram(StringBuilder text, string labels, Series series)
    {
        var (before, comma) = (0L, labels.Length > 0 ? "," : "");
        for (var bucket = 0; bucket <= _bounds.Length; bucket++)
        {
            before += series.Buckets[bucket];
            var bound = bucket < _bounds.Length ? Number(_bounds[bucket]) : "+Inf";
            Line(text, $"{_name}_bucket", $"{labels}{comma}le=\"{bound}\"", before);
        }

        Line(text, $"{_name}_sum", labels, series.Sum);
        Line(text, $"{_name}_count", labels, before);
    }

    private static void Line(StringBuilder text, string name, string labels, double value)
    {
        text.Append(name);
        if (labels.Length > 0)
        {
            text.Append('{').Append(labels).Append('}');
        }

        text.Append(' ').Append(Number(value)).Append('\n');
    }

    private static string Number(double value) => value.ToString("R", CultureInfo.InvariantCulture);

    private static string Labels(ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        if (tags.Length == 0)
        {
            return "";
        }

        var text = new StringBuilder();
        foreach (var (name, value) in tags)
        {
            text.Append(text.Length > 0 ? "," : "").Append(name).Append("=\"").Append(Escape($"{value}")).Append('"');
        }

        return text.ToString();
    }

    private static string Escape(string value) => value.AsSpan().IndexOfAny('\\', '"', '\n') < 0
        ? value
        : value.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);

    private sealed class Series(int buckets)
    {
        public long[] Buckets { get; } = new long[buckets];

        public double Sum { get; set; }
    }
}
