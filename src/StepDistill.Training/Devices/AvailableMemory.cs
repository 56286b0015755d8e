using System.Globalization;

namespace StepDistill.Training.Devices;

/// <summary>How much memory this process may still take.</summary>
internal static class AvailableMemory
{
    /// <summary>Bytes that can be taken without pushing others out, within the limit of a container.</summary>
    /// <remarks>The limit is the .NET runtime's reading of it; on Linux the kernel says how much is free.</remarks>
    public static long Now()
    {
        var limits = GC.GetGCMemoryInfo();
        var withinLimit = limits.TotalAvailableMemoryBytes - Environment.WorkingSet;
        var free = OperatingSystem.IsLinux() && File.Exists("/proc/meminfo")
            ? ReadFree(File.ReadLines("/proc/meminfo"))
            : limits.TotalAvailableMemoryBytes - limits.MemoryLoadBytes;
        return Math.Max(0, Math.Min(withinLimit, free ?? withinLimit));
    }

    /// <summary>The line <c>MemAvailable</c> of Linux's <c>/proc/meminfo</c>, in bytes; null where there is none.</summary>
    /// <param name="lines">The file's lines.</param>
    public static long? ReadFree(IEnumerable<string> lines) =>
        lines.Select(line => line.Split([' ', ':'], StringSplitOptions.RemoveEmptyEntries))
            .Where(words => words is ["MemAvailable", _, "kB"])
            .Select(words => (long?)(long.Parse(words[1], CultureInfo.InvariantCulture) * 1024))
            .FirstOrDefault();
}
