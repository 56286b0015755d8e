using System.Globalization;

namespace StepDistill.Training.Devices;

/// <summary>How much memory this process may still take.</summary>
internal static class FreeMemory
{
    /// <summary>Bytes that are free: on the machine, and under the limit of a container where there is one.</summary>
    public static long Bytes() => Math.Min(
        GC.GetGCMemoryInfo().TotalAvailableMemoryBytes - Environment.WorkingSet,
        OperatingSystem.IsLinux() ? Available(File.ReadLines("/proc/meminfo")) : long.MaxValue);

    /// <summary>What Linux says can be had without swapping.</summary>
    /// <param name="lines">The lines of <c>/proc/meminfo</c>.</param>
    internal static long Available(IEnumerable<string> lines)
    {
        var words = lines.FirstOrDefault(line => line.StartsWith("MemAvailable:", StringComparison.Ordinal))?.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return words is [_, var number, "kB"] && long.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var kilobytes)
            ? kilobytes * 1024 : long.MaxValue;
    }
}
