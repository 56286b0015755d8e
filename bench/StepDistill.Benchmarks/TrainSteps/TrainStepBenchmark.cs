using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using StepDistill.Students;
using static TorchSharp.torch;

namespace StepDistill.Benchmarks.TrainSteps;

/// <summary>Steps of the three variants in turn, so that whatever else the machine does meets them alike.</summary>
internal static class TrainStepBenchmark
{
    private static readonly string[] Variants = ["paper", "float32", "bfloat16"];
    internal static readonly JsonSerializerOptions Json = new() { WriteIndented = true, PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    public static int Run(Options options)
    {
        if (options.Memory is { } variant)
        {
            Console.WriteLine(PeakOf(variant, options));
            return 0;
        }

        var report = Measure(options);
        Console.WriteLine(options.Json ? JsonSerializer.Serialize(report, Json) : report.Text());
        foreach (var fault in report.Agreement.Faults())
        {
            Console.Error.WriteLine(fault);
        }

        return report.Agreement.Faults().Any() ? 1 : 0;
    }

    /// <summary>Measures speed and memory first, agreement last, and tells each result on standard error as it comes.</summary>
    public static Report Measure(Options options)
    {
        List<Result> results = [];
        foreach (var (size, batch) in options.Sizes.SelectMany(size => options.Batches.Select(batch => (size, batch))))
        {
            results.Add(Measure(size, batch, options));
            Console.Error.WriteLine(results[^1].Text());
        }

        return new Report(Machine.Describe(), Agreement.Measure(options), results);
    }

    public static T5Config Config(string size) => T5Sizes.Named($"t5-v1_1-{size}");

    private static Result Measure(string size, int batch, Options options)
    {
        var config = Config(size);
        // First, while this process is small: the largest variant wants a machine's memory for itself.
        var memory = options.Short ? null : Variants.Select(variant => PeakInItsOwnProcess(variant, size, batch)).ToArray();
        var together = FittingTogether(memory);
        var variants = Variants.Select((name, i) => together[i] ? new Variant(name, config) : null).ToList();
        List<double[]> seconds = [];
        List<(double Float32, double BFloat16)> peaks = [];
        var examples = Enumerable.Range(0, options.Rounds + 1).Select(step => Workload.Batch(step, batch, config)).ToList();
        for (var round = 0; round <= options.Rounds; round++)
        {
            var times = variants.ConvertAll(variant => variant is null ? double.NaN : Seconds(() => variant.Step(examples[round]))).ToArray();
            if (round > 0)      // the first round warms up
            {
                seconds.Add(times);
                peaks.Add((Machine.Peak(ScalarType.Float32), Machine.Peak(ScalarType.BFloat16)));
            }
        }

        variants.ForEach(variant => variant?.Dispose());
        var (peak32, peak16) = (Median(peaks.Select(p => p.Float32)), Median(peaks.Select(p => p.BFloat16)));
        var work = examples.Skip(1).ToList();
        return new Result(size, batch, peak32 / 1e9, peak16 / 1e9,
        [
            .. Variants.Select((name, i) => new VariantResult(
                name,
                MedianOrNull(seconds.Select(times => times[i])),
                MedianOrNull(seconds.Select((times, round) => batch / times[i])),
                MedianOrNull(seconds.Select((times, round) => work[round].Sum(e => e.TokenCount) / times[i])),
                MedianOrNull(seconds.Select(times => times[0] / times[i])),
                MedianOrNull(seconds.Select((times, round) =>
                    Workload.Operations(work[round], config) / times[i] / (name == "bfloat16" ? peak16 : peak32))),
                memory?[i])),
        ]);
    }

    private static double Seconds(Func<double> step)
    {
        var watch = Stopwatch.StartNew();
        step();
        return watch.Elapsed.TotalSeconds;
    }

    private static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToArray();
        return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }

    private static double? MedianOrNull(IEnumerable<double> values) => Median(values) is var median && double.IsNaN(median) ? null : median;

    /// <summary>Which variants can take turns in one process: without the largest, and the next, until the rest fits.</summary>
    private static bool[] FittingTogether(double?[]? peaks)
    {
        var fits = Variants.Select((_, i) => peaks is null || peaks[i] is not null).ToArray();
        while (peaks is not null && peaks.Where((_, i) => fits[i]).Sum() > 0.95 * Machine.FreeMemory() / 1e9)
        {
            fits[Array.IndexOf(peaks, peaks.Where((_, i) => fits[i]).Max())] = false;
        }

        return fits;
    }

    /// <summary>In GB; null where the system ended the process, for want of memory.</summary>
    private static double? PeakInItsOwnProcess(string variant, string size, int batch)
    {
        string[] arguments = ["train-step", "--memory", variant, "--size", size, "--batch", batch.ToString(CultureInfo.InvariantCulture)];
        using var process = Process.Start(new ProcessStartInfo(Environment.ProcessPath!, arguments) { RedirectStandardOutput = true })!;
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0 ? double.Parse(output, CultureInfo.InvariantCulture) : null;
    }

    /// <summary>Most memory that a process which takes a few steps has held, in GB.</summary>
    private static string PeakOf(string name, Options options)
    {
        var config = Config(options.Sizes[0]);
        using var variant = new Variant(name, config);
        for (var step = 0; step < 2; step++)      // the optimizer's memory is there from the second on
        {
            variant.Step(Workload.Batch(step, options.Batches[0], config));
        }

        return (Machine.PeakMemory() / 1e9).ToString("F3", CultureInfo.InvariantCulture);
    }
}
