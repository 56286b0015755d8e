using System.Buffers.Binary;
using System.Diagnostics;
using System.Reflection;
using System.Runtime.InteropServices;
using TorchSharp;

namespace StepDistill.Training.Devices;

/// <summary>What came of loading libtorch: which files, from where, in which versions; or why not, and what to do.</summary>
public sealed record NativeLibraries
{
    /// <summary>What GCC 13's <c>&lt;iostream&gt;</c> asks of libstdc++, as names in a library's table of dynamic symbols end.</summary>
    private static readonly byte[] NewerSymbol = [.. "_ZSt21ios_base_library_initv"u8, 0];

    private static readonly byte[] NewerVersion = [.. "GLIBCXX_3.4.32"u8, 0];

    /// <summary>Whether libtorch is loaded and computes.</summary>
    public required bool Loaded { get; init; }

    /// <summary>The files that were loaded: libtorch's, TorchSharp's, and the C++ and OpenMP runtimes beside them.</summary>
    public required IReadOnlyList<string> Files { get; init; }

    /// <summary>Whether libtorch's part for NVIDIA's GPUs is among them.</summary>
    public bool HasCuda => Files.Any(path => Path.GetFileName(path).Contains("torch_cuda", StringComparison.Ordinal));

    /// <summary>Versions by name: <c>torchsharp</c>, and <c>libtorch</c> where it is loaded.</summary>
    public required IReadOnlyDictionary<string, string> Versions { get; init; }

    /// <summary>Where libtorch comes from: this build's own, or an existing installation and what named it; empty where none is loaded.</summary>
    public string Origin { get; init; } = "";

    /// <summary>Whether TorchSharp's library is the package's own or adapted to older systems, and why; empty where it is not known.</summary>
    public required string Adaptation { get; init; }

    /// <summary>Why it did not load, in the system's words where there are any; null where it did.</summary>
    public string? Fault { get; init; }

    /// <summary>What to do about it; null where there is nothing to do.</summary>
    public string? Remedy { get; init; }

    /// <summary>Loads libtorch if it is not yet loaded, and looks. Never throws.</summary>
    /// <remarks>
    /// Its own library is loaded before TorchSharp is touched: where loading fails, TorchSharp would write pages to the
    /// console, copy libtorch about, and not say why.
    /// </remarks>
    public static NativeLibraries Look()
    {
        var versions = new SortedDictionary<string, string>(StringComparer.Ordinal)
        {
            ["torchsharp"] = typeof(torch).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()
                ?.InformationalVersion.Split('+')[0] ?? "unknown",
        };
        try
        {
            var existing = LibtorchFolder.Configured();
            if (Load(existing) is var (fault, remedy))
            {
                return Missing(fault, remedy);
            }

            Compute();
            versions["libtorch"] = existing?.Version ?? torch.__version__;
            var files = LoadedFiles();
            return new()
            {
                Loaded = true,
                Files = files,
                Versions = versions,
                Origin = existing is null ? "brought by this build" : $"from {Path.GetDirectoryName(existing.Libraries[0])}, which {existing.NamedBy} names",
                Adaptation = AdaptationOf(files),
            };
        }
        catch (Exception e)
        {
            var cause = e.GetBaseException().Message.ReplaceLineEndings(" ");
            return Missing($"libtorch was found and does not work: {cause}", RemedyFor(cause));
        }

        NativeLibraries Missing(string fault, string remedy) => new()
        {
            Loaded = false, Files = [], Versions = versions, Adaptation = "", Fault = fault, Remedy = remedy,
        };
    }

    /// <summary>Loads libtorch, for those who cannot go on without it.</summary>
    /// <exception cref="StepDistillException">It does not load: the message says why and what to do.</exception>
    public static NativeLibraries Require() => Look() switch
    {
        { Loaded: true } loaded => loaded,
        var missing => throw new StepDistillException($"{missing.Fault} {missing.Remedy}"),
    };

    /// <summary>Says what to do about a message of the system's loader.</summary>
    /// <param name="message">What the loader said.</param>
    /// <param name="existing">The installation whose library it was; null where it was the build's own.</param>
    internal static string RemedyFor(string message, LibtorchFolder? existing = null) => message switch
    {
        _ when message.Contains("GLIBCXX_", StringComparison.Ordinal) || message.Contains("CXXABI_", StringComparison.Ordinal) =>
            "The system's libstdc++ is older than TorchSharp's library asks for, and the library was not adapted. Build again"
            + " without -p:AdaptToOldLibstdcxx=false, or take a system with GCC 11 or newer: Debian 12, Ubuntu 22.04, RHEL 9.",
        _ when message.Contains("GLIBC_", StringComparison.Ordinal) =>
            "The system's C library is too old: glibc 2.34 is needed, as in Debian 12, Ubuntu 22.04, RHEL 9 and newer.",
        _ when message.Contains("ld-linux", StringComparison.Ordinal) || message.Contains("musl", StringComparison.Ordinal) =>
            "libtorch needs a system with glibc; musl systems such as Alpine have none. Use Debian, Ubuntu or RHEL.",
        _ when existing is not null =>
            $"See that python -c \"import torch\" works where {existing.NamedBy} points; if it does not, install PyTorch {LibtorchFolder.Wanted} again.",
        _ when message.Contains("cannot open shared object file", StringComparison.Ordinal) =>
            "A library that it needs is missing. Build again; if the named file is of the system, install its package.",
        _ => "Build again with dotnet build; if that does not help, clear the packages with dotnet nuget locals all --clear.",
    };

    private static void Compute()
    {
        using var scope = torch.NewDisposeScope();
        if (torch.ones(2, 2).sum().item<float>() != 4)
        {
            throw new InvalidOperationException("libtorch is loaded, but 1 + 1 + 1 + 1 is not 4 there.");
        }
    }

    private static List<string> LoadedFiles()
    {
        string[] parts = ["torch", "c10", "gomp", "stdc++", "iomp5"];
        using var process = Process.GetCurrentProcess();
        return
        [
            .. process.Modules.Cast<ProcessModule>().Select(module => module.FileName)
                .Where(path => parts.Any(part => Path.GetFileName(path).Contains(part, StringComparison.OrdinalIgnoreCase))
                    && !path.EndsWith("TorchSharp.dll", StringComparison.Ordinal))
                .Distinct().Order(StringComparer.Ordinal),
        ];
    }

    private static string AdaptationOf(List<string> files)
    {
        if (files.Find(path => Path.GetFileName(path) == "libLibTorchSharp.so") is not { } own)
        {
            return "";
        }

        var library = File.ReadAllBytes(own);
        if (library.AsSpan().IndexOf(NewerSymbol) >= 0 || library.AsSpan().IndexOf(NewerVersion) < 0)
        {
            return "The package's own file, not adapted.";
        }

        var runtime = files.Find(path => Path.GetFileName(path).StartsWith("libstdc++", StringComparison.Ordinal));
        var lacking = runtime is not null && File.ReadAllBytes(runtime).AsSpan().IndexOf(NewerVersion) < 0;
        return lacking
            ? $"Adapted when built: the package's own file asks for GLIBCXX_3.4.32, which {runtime} lacks."
            : "Adapted when built, so that it loads on older systems too; this one has GLIBCXX_3.4.32.";
    }

    /// <summary>Loads libtorch and TorchSharp's native library; says what is wrong if that fails.</summary>
    /// <remarks>
    /// An existing libtorch is loaded first, each library by its full path: when TorchSharp's library asks for
    /// <c>libtorch.so</c>, and TorchSharp itself for <c>torch_cpu</c>, the loader has one of that name and takes it.
    /// That holds only where the build has none, for TorchSharp would load the build's own by full path as well.
    /// </remarks>
    private static (string Fault, string Remedy)? Load(LibtorchFolder? existing)
    {
        var (before, after) = OperatingSystem.IsWindows() ? ("", ".dll") : OperatingSystem.IsMacOS() ? ("lib", ".dylib") : ("lib", ".so");
        var file = $"{before}LibTorchSharp{after}";
        var folders = $"{AppContext.GetData("NATIVE_DLL_SEARCH_DIRECTORIES")}"
            .Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries).Append(AppContext.BaseDirectory);
        if (folders.Select(folder => Path.Combine(folder, file)).FirstOrDefault(File.Exists) is not { } path)
        {
            return (
                $"{file} is not there: this build has no libtorch for {RuntimeInformation.RuntimeIdentifier}.",
                RuntimeInformation.RuntimeIdentifier is "linux-x64" or "win-x64" or "osx-arm64"
                    ? "Build again with dotnet build, without a runtime identifier or with this one."
                    : "libtorch comes for linux-x64, win-x64 and osx-arm64. Training needs one of them; everything else works here.");
        }

        var own = Path.GetDirectoryName(path)!;
        var brought = File.Exists(Path.Combine(own, $"{before}torch_cpu{after}"));
        if (Clash(brought, existing, own) is var (clash, way))
        {
            return (clash, way);
        }

        var libraries = Directory.EnumerateFiles(own, "*.so*").Concat(existing?.Libraries ?? []);
        if (libraries.FirstOrDefault(IsCutOff) is { } half)
        {
            return (
                $"{half} is cut off.",
                existing?.Libraries.Contains(half) == true
                    ? "The disk may have been full. Install PyTorch again."
                    : "The disk may have been full. Delete the folder and build again.");
        }

        foreach (var library in (string[])[.. existing?.Libraries ?? [], path])
        {
            try
            {
                NativeLibrary.Load(library);
            }
            catch (Exception e) when (e is DllNotFoundException or BadImageFormatException)
            {
                // The first line is advice for programmers; the loader's own words come last.
                return (
                    $"libtorch does not load: {e.Message.Trim().Split('\n')[^1].Trim().TrimEnd('.')}.",
                    RemedyFor(e.Message, library == path ? null : existing));
            }
        }

        return null;
    }

    /// <summary>What is wrong with the libtorch that a build brings and the one that the user named, taken together.</summary>
    /// <param name="brought">Whether the build brings one.</param>
    /// <param name="existing">The one that the user named, if any.</param>
    /// <param name="own">The folder of the build's own libraries.</param>
    internal static (string Fault, string Remedy)? Clash(bool brought, LibtorchFolder? existing, string own) => (brought, existing) switch
    {
        (true, { } named) => (
            $"{named.NamedBy} names {named.Named}, but this build brings a libtorch of its own, in {own}, and one process can hold only one.",
            $"Build with -p:TorchBackend=none to use the one that was named, or leave {named.NamedBy} out."),
        (false, null) => (
            $"This build brings no libtorch (-p:TorchBackend=none), and {LibtorchFolder.Variable} does not name one.",
            $"Set {LibtorchFolder.Variable} to the folder of PyTorch {LibtorchFolder.Wanted}"
            + " (python -c \"import torch; print(torch.__path__[0])\"), or build without -p:TorchBackend=none."),
        (false, { Fault: { } fault } named) => (fault, named.Remedy!),
        _ => null,
    };

    /// <summary>Whether the end of a library of Linux is missing: the loader would end the process over it.</summary>
    /// <remarks>Format: System V ABI, "ELF Header" and "Program Header", for 64 bits.</remarks>
    internal static bool IsCutOff(string path)
    {
        Span<byte> header = stackalloc byte[64];
        using var file = File.OpenHandle(path);
        if (RandomAccess.Read(file, header, 0) < header.Length)
        {
            return true;
        }

        if (!header.StartsWith("\u007fELF"u8))
        {
            return false;       // the loader says so itself
        }

        // Usually the table of sections stands at the end: its place, the size of an entry, and their number. In a library
        // that was patched later it may be a part that is loaded: the table of those says where each is and how long.
        var length = RandomAccess.GetLength(file);
        var (sections, segments) = (BinaryPrimitives.ReadUInt64LittleEndian(header[40..]), BinaryPrimitives.ReadUInt64LittleEndian(header[32..]));
        var size = BinaryPrimitives.ReadUInt16LittleEndian(header[54..]);
        var table = new byte[size * BinaryPrimitives.ReadUInt16LittleEndian(header[56..])];
        if ((Int128)sections + BinaryPrimitives.ReadUInt16LittleEndian(header[58..]) * BinaryPrimitives.ReadUInt16LittleEndian(header[60..]) > length
            || (Int128)segments + table.Length > length
            || RandomAccess.Read(file, table, (long)segments) < table.Length)
        {
            return true;
        }

        for (var entry = 0; size >= 40 && entry < table.Length; entry += size)
        {
            var (start, bytes) = (
                BinaryPrimitives.ReadUInt64LittleEndian(table.AsSpan(entry + 8)), BinaryPrimitives.ReadUInt64LittleEndian(table.AsSpan(entry + 32)));
            if ((Int128)start + bytes > length)
            {
                return true;
            }
        }

        return false;
    }
}
