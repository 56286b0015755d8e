using System.Diagnostics.Metrics;
using System.Globalization;
using StepDistill.Serving.Metrics;

namespace StepDistill.Serving.Tests.Metrics;

public sealed class PrometheusTextTests
{
    [Fact]
    public void Counters_gauges_and_histograms_have_the_form_of_the_format()
    {
        using var meter = new Meter("one");
        using var other = new Meter("one");
        using var text = new PrometheusText(meter);
        var count = meter.CreateCounter<long>("count_total", null, "A count.");
        var times = meter.CreateHistogram("time_seconds", "s", "A time.", null, new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.1, 1] });
        meter.CreateObservableGauge("level", () => 2.5, null, "A level.");
        other.CreateCounter<long>("count_total").Add(100);

        count.Add(2, new KeyValuePair<string, object?>("route", "a\"b\\c\nd"));
        count.Add(3, new KeyValuePair<string, object?>("route", "a\"b\\c\nd"));
        times.Record(0.1);
        times.Record(0.5);
        times.Record(7);

        Assert.StartsWith(
            """
            # HELP count_total A count.
            # TYPE count_total counter
            count_total{route="a\"b\\c\nd"} 5
            # HELP level A level.
            # TYPE level gauge
            level 2.5
            # HELP time_seconds A time.
            # TYPE time_seconds histogram
            time_seconds_bucket{le="0.1"} 1
            time_seconds_bucket{le="1"} 2
            time_seconds_bucket{le="+Inf"} 3
            time_seconds_sum 7.6
            time_seconds_count 3

            """.ReplaceLineEndings("\n"),
            text.Write(),
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_counts_what_it_does()
    {
        await using var served = await Served.StartAsync();
        await served.PostAsync("/v1/predict", """{"inputs": ["a", "b"]}""");
        await served.PostAsync("/v1/predict", "{");
        await served.PostAsync("/made/up", "{}");

        var metrics = await served.GetAsync("/metrics");

        Assert.Equal(2, Value(metrics, "stepdistill_questions_total{lane=\"labels\",outcome=\"answered\"}"));
        Assert.Equal(1, Value(metrics, "stepdistill_requests_total{route=\"/v1/predict\",status=\"400\"}"));
        Assert.Equal(1, Value(metrics, "stepdistill_requests_total{route=\"other\",status=\"404\"}"));
        Assert.Equal(1, Value(metrics, "stepdistill_student_info{name=\"echo\",version=\"000000000001\",precision=\"float32\"}"));
        Assert.Equal(1, Value(metrics, "stepdistill_batch_rows_count{lane=\"labels\"}"));
        Assert.Equal(0, Value(metrics, "stepdistill_queued_questions{lane=\"labels\"}"));
        Assert.True(Value(metrics, "process_resident_memory_bytes") > 1e6);
    }

    private static double Value(string metrics, string series) => double.Parse(
        metrics.Split('\n').Single(line => line.StartsWith(series + " ", StringComparison.Ordinal))[(series.Length + 1)..], CultureInfo.InvariantCulture);
}
