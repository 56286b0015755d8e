using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.RegularExpressions;
using StepDistill.Hub;
using StepDistill.Runs;
using StepDistill.Training.Devices;

namespace StepDistill.Cli.Machine;

/// <summary>Looks at this machine: what StepDistill finds to run on.</summary>
internal static partial class MachineChecks
{
    private const long Gibibyte = 1L << 30;

    /// <summary>Looks at everything, in the order of what depends on what.</summary>
    public static IEnumerable<Finding> All()
    {
        yield return new("StepDistill", FindingState.Good, RunManifest.CurrentVersions()["stepdistill"]);
        yield return new(".NET", FindingState.Good, $"{RuntimeInformation.FrameworkDescription}, {RuntimeInformation.RuntimeIdentifier}");
        yield return new("system", FindingState.Good, $"{RuntimeInformation.OSDescription}, {RuntimeInformation.OSArchitecture}");
        if (OperatingSystem.IsLinux())
        {
            yield return CLibrary();
            yield return CppLibrary();
        }

        foreach (var finding in Libtorch())
        {
            yield return finding;
        }

        yield return new("processors", FindingState.Good, $"{Environment.ProcessorCount} for this process");
        yield return Memory();
        yield return Disk();
        yield return Key("OPENAI_API_KEY", "teachers behind an API need a key; teacher.key_variable can name another variable");
        yield return Key("HF_TOKEN", "only private or gated students of the hub need it");
        yield return HubCache();
    }

    private static Finding CLibrary()
    {
        try
        {
            return new("glibc", FindingState.Good, Marshal.PtrToStringUTF8(GlibcVersion()) ?? "unknown");
        }
        catch (Exception e) when (e is DllNotFoundException or EntryPointNotFoundException)
        {
            return new("glibc", FindingState.Broken, "not found; libtorch is built for glibc and does not run with musl. Use a Debian, Ubuntu, Fedora or RHEL image.");
        }
    }

    private static Finding CppLibrary()
    {
        const string Library = "libstdc++.so.6";
        if (!NativeLibrary.TryLoad(Library, out _))
        {
            return new(Library, FindingState.Broken, "not found; libtorch needs it. Install libstdc++6 (Debian, Ubuntu) or libstdc++ (Fedora, RHEL).");
        }

        var path = File.ReadLines("/proc/self/maps")
            .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .FirstOrDefault(parts => parts.Length > 5 && parts[^1].Contains("libstdc++", StringComparison.Ordinal))?[^1];
        var newest = path is null ? null : GlibcxxVersion().Matches(Encoding.Latin1.GetString(File.ReadAllBytes(path)))
            .Select(match => int.Parse(match.Groups[1].ValueSpan, CultureInfo.InvariantCulture))
            .Append(0)
            .Max().ToString(CultureInfo.InvariantCulture);
        return new(Library, FindingState.Good, $"{path}, up to GLIBCXX_3.4.{newest}");
    }

    private static IEnumerable<Finding> Libtorch()
    {
        const string Auto = "auto";
        var found = NativeLibraries.Look();
        if (!found.Loaded)
        {
            yield return new("libtorch", FindingState.Broken, $"{found.Fault} {found.Remedy}");
            yield break;
        }

        yield return new("libtorch", FindingState.Good, $"{found.Versions["libtorch"]}, {found.Origin}; computes");
        var own = found.Files.FirstOrDefault(path => Path.GetFileName(path).Contains("LibTorchSharp", StringComparison.Ordinal));
        yield return new(
            "TorchSharp", FindingState.Good, $"{found.Versions["torchsharp"]}, {own ?? "loaded"}. {found.Adaptation}".TrimEnd(' '));

        var device = ComputeDevice.Choose(Auto);
        var idle = found.HasCuda && device.Value.index < 0;
        yield return new("device", idle ? FindingState.Lacking : FindingState.Good, $"{device.Value}: {device.Reason}");
        var precision = ComputePrecision.Choose(Auto, device.Value, ComputePrecision.LeastWidth);
        yield return new(
            "precision",
            FindingState.Good,
            $"{precision.Value.ToString().ToLowerInvariant()} for students at least {ComputePrecision.LeastWidth} wide: {precision.Reason}");
    }

    private static Finding Memory()
    {
        var bytes = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
        return new(
            "memory",
            bytes < 2 * Gibibyte ? FindingState.Lacking : FindingState.Good,
            Gib(bytes) + (bytes < 2 * Gibibyte ? "; training a small T5 takes about 2.5 GiB, so choose a smaller student" : ""));
    }

    private static Finding Disk()
    {
        var free = new DriveInfo(Environment.CurrentDirectory).AvailableFreeSpace;
        return new(
            "disk",
            free < 2 * Gibibyte ? FindingState.Lacking : FindingState.Good,
            $"{Gib(free)} free in {Environment.CurrentDirectory}"
            + (free < 2 * Gibibyte ? "; a checkpoint of T5 v1.1 small takes 1 GiB, so free some" : ""));
    }

    private static Finding Key(string variable, string use) => string.IsNullOrEmpty(Environment.GetEnvironmentVariable(variable))
        ? new(variable, FindingState.Lacking, $"not set; {use}")
        : new(variable, FindingState.Good, "set");

    private static Finding HubCache()
    {
        try
        {
            var settings = HubSettings.FromEnvironment();
            var there = Directory.Exists(settings.CacheFolder) ? "" : " (made when needed)";
            return new("hub cache", FindingState.Good, $"{settings.CacheFolder}{there}; {(settings.Offline ? "offline" : settings.Endpoint)}");
        }
        catch (StepDistillException e)
        {
            return new("hub cache", FindingState.Lacking, e.Message);
        }
    }

    private static string Gib(long bytes) => string.Create(CultureInfo.InvariantCulture, $"{(double)bytes / Gibibyte:0.0} GiB");

    [LibraryImport("libc", EntryPoint = "gnu_get_libc_version")]
    private static partial nint GlibcVersion();

    [GeneratedRegex(@"GLIBCXX_3\.4\.(\d+)\0")]
    private static partial Regex GlibcxxVersion();
}
