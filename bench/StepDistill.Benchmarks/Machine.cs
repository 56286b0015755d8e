using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using StepDistill.Training.Devices;
using static TorchSharp.torch;

namespace StepDistill.Benchmarks;

/// <summary>What the machine is and can do.</summary>
internal static class Machine
{
    public static string Describe()
    {
        var name = File.Exists("/proc/cpuinfo")
            ? File.ReadLines("/proc/cpuinfo").FirstOrDefault(line => line.StartsWith("model name", StringComparison.Ordinal))?.Split(':')[1].Trim()
            : null;
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{name ?? RuntimeInformation.ProcessArchitecture.ToString()}, {get_num_threads()} threads, libtorch {__version__}, {RuntimeInformation.FrameworkDescription}");
    }

    /// <summary>Floating-point operations a second in products of two square matrices: the best of several.</summary>
    public static double Peak(ScalarType type)
    {
        const long size = 2048;
        using var frozen = no_grad();
        using var scope = NewDisposeScope();
        var (a, b, c) = (randn(size, size).to_type(type), randn(size, size).to_type(type), empty(size, size, type));
        c.addmm_(a, b, beta: 0);
        var best = double.MaxValue;
        for (var i = 0; i < 8; i++)
        {
            var watch = Stopwatch.StartNew();
            c.addmm_(a, b, beta: 0);
            best = Math.Min(best, watch.Elapsed.TotalSeconds);
        }

        return 2.0 * size * size * size / best;
    }

    /// <summary>Bytes that this process may still take.</summary>
    public static double FreeMemory() => AvailableMemory.Now();

    /// <summary>Most memory that this process has held so far, in bytes.</summary>
    public static double PeakMemory()
    {
        using var process = Process.GetCurrentProcess();
        return process.PeakWorkingSet64;
    }
}
