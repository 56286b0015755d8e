using System.Text;
using System.Text.RegularExpressions;

namespace StepDistill.Training.Devices;

/// <summary>The libtorch of an existing installation, as the user named it: looked at before anything of it is loaded.</summary>
/// <remarks>
/// For builds that bring none (<c>-p:TorchBackend=none</c>), so that whoever has PyTorch need not download libtorch again.
/// Its version is read as text from the files beside it; nothing of the installation is run before that fits.
/// </remarks>
internal sealed partial record LibtorchFolder
{
    /// <summary>The environment variable that names the folder.</summary>
    public const string Variable = "STEPDISTILL_LIBTORCH";

    /// <summary>What names the folder where the variable does not: <c>-p:Libtorch=FOLDER</c> writes it into <c>runtimeconfig.json</c>.</summary>
    public const string Setting = "StepDistill.Libtorch";

    /// <summary>The version that TorchSharp's library was built for, to which its functions' forms belong.</summary>
    public const string Wanted = "2.10";

    /// <summary>How much of a file is read for its version, in bytes: such files are a few lines.</summary>
    private const int VersionFileLimit = 1 << 16;

    /// <summary>libtorch's libraries, each after those that it needs; the ones for CUDA are not in every installation.</summary>
    private static readonly string[] LoadingOrder = ["c10", "torch_cpu", "c10_cuda", "torch_cuda", "torch"];

    /// <summary>The folder that the user named.</summary>
    public required string Named { get; init; }

    /// <summary>What named it: the variable, or the setting.</summary>
    public required string NamedBy { get; init; }

    /// <summary>The version that it says it is, such as <c>2.10.0+cu128</c>; null where it does not say.</summary>
    public string? Version { get; init; }

    /// <summary>The libraries to load, in this order; empty where there are none.</summary>
    public IReadOnlyList<string> Libraries { get; init; } = [];

    /// <summary>Why it cannot be used, what was found and what was expected; null where nothing speaks against it.</summary>
    public string? Fault { get; init; }

    /// <summary>What to do about <see cref="Fault"/>.</summary>
    public string? Remedy { get; init; }

    /// <summary>Looks at the folder that the variable or, without it, the setting names; null where neither does.</summary>
    public static LibtorchFolder? Configured() =>
        Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } variable ? Look(variable, Variable)
        : AppContext.GetData(Setting) is string { Length: > 0 } setting ? Look(setting, $"the setting {Setting}")
        : null;

    /// <summary>Looks at a folder: PyTorch's own (<c>site-packages/torch</c>), the one around it, its <c>lib</c>, or a libtorch download.</summary>
    /// <param name="named">The folder.</param>
    /// <param name="namedBy">What named it, for the messages.</param>
    public static LibtorchFolder Look(string named, string namedBy)
    {
        var found = new LibtorchFolder { Named = named, NamedBy = namedBy };
        try
        {
            var start = Path.GetFullPath(named);
            string[] places = [start, Path.Combine(start, "lib"), Path.Combine(start, "torch", "lib")];
            if (places.FirstOrDefault(place => File.Exists(LibraryIn(place, "torch_cpu"))) is not { } folder)
            {
                return found with
                {
                    Fault = $"There is no {Path.GetFileName(LibraryIn("", "torch_cpu"))} in {named}, which {namedBy} names, nor in its lib or torch/lib.",
                    Remedy = "Name PyTorch's folder (python -c \"import torch; print(torch.__path__[0])\") or that of a libtorch download.",
                };
            }

            var version = VersionOf(Path.GetFileName(folder) == "lib" ? Path.GetDirectoryName(folder)! : folder);
            return found with
            {
                Version = version,
                Libraries = [.. LoadingOrder.Select(name => LibraryIn(folder, name)).Where(File.Exists)],
                Fault = version is null
                    ? $"The version of the libtorch in {folder}, which {namedBy} names, is not known: neither version.py, build-version"
                        + " nor a torch-VERSION.dist-info beside it says it."
                    : Fits(version) ? null
                    : $"The libtorch in {folder}, which {namedBy} names, is {version}; TorchSharp was built for {Wanted} and works with no other.",
                Remedy = version is null
                    ? $"Name the installation's own folder rather than a copy of its libraries; it must be of version {Wanted}."
                    : Fits(version) ? null
                    : $"Name an installation of PyTorch {Wanted} (pip install \"torch=={Wanted}.*\"), or leave {namedBy} out and build"
                        + " without -p:TorchBackend=none.",
            };
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return found with
            {
                Fault = $"The libtorch in {named}, which {namedBy} names, cannot be read: {e.Message.TrimEnd('.')}.",
                Remedy = "Name PyTorch's folder or that of a libtorch download, in which this user may read.",
            };
        }
    }

    /// <summary>Reads what an installation says of its version.</summary>
    /// <param name="home">The folder that holds its <c>lib</c>.</param>
    /// <returns>Such as <c>2.10.0+cu128</c>; null where it does not say.</returns>
    internal static string? VersionOf(string home)
    {
        if (TextOf(Path.Combine(home, "version.py")) is { } module && PythonVersion().Match(module) is { Success: true } assigned)
        {
            return assigned.Groups[1].Value;
        }

        if (TextOf(Path.Combine(home, "build-version")) is { } build && PlainVersion().Match(build) is { Success: true } plain)
        {
            return plain.Groups[1].Value;
        }

        return Path.GetDirectoryName(home) is not { } packages || Path.GetFileName(home) != "torch"
            ? null
            : Directory.EnumerateDirectories(packages, "torch-*-info")
                .Select(folder => FolderVersion().Match(Path.GetFileName(folder)))
                .FirstOrDefault(match => match.Success)?.Groups[1].Value;

        static string? TextOf(string file)
        {
            if (!File.Exists(file))
            {
                return null;
            }

            using var handle = File.OpenHandle(file);
            var bytes = new byte[VersionFileLimit];
            return Encoding.UTF8.GetString(bytes, 0, RandomAccess.Read(handle, bytes, 0));
        }
    }

    /// <summary>Whether TorchSharp's library goes with a libtorch: between patches the functions' forms stay, otherwise not.</summary>
    internal static bool Fits(string version) =>
        version.StartsWith(Wanted, StringComparison.Ordinal) && (version.Length == Wanted.Length || !char.IsAsciiDigit(version[Wanted.Length]));

    private static string LibraryIn(string folder, string name) => Path.Combine(folder, OperatingSystem.IsWindows() ? $"{name}.dll"
        : OperatingSystem.IsMacOS() ? $"lib{name}.dylib" : $"lib{name}.so");

    [GeneratedRegex(@"^__version__[^=\n]*=\s*['""]([^'""\s]{1,80})['""]", RegexOptions.Multiline)]
    private static partial Regex PythonVersion();

    [GeneratedRegex(@"\A\s*([0-9]\S{0,79})\s*\z")]
    private static partial Regex PlainVersion();

    [GeneratedRegex(@"\Atorch-([0-9][^-]{0,79})(-[^/]*)?\.(dist|egg)-info\z")]
    private static partial Regex FolderVersion();
}
