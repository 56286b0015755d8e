using System.Runtime.CompilerServices;

namespace StepDistill.Tests.Tasks;

/// <summary>
/// The paper's data where it lies beside the repository; tests over it are skipped where it does not.
/// </summary>
internal static class SharedData
{
    public static string Repository { get; } = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(ThisFile())!, "..", "..", ".."));

    public static string Require(string file)
    {
        var path = Path.Combine(Repository, "..", "shared", "data", file);
        Assert.SkipUnless(File.Exists(path), $"The optional data ../shared/data/{file} is not here.");
        return Path.GetFullPath(path);
    }

    private static string ThisFile([CallerFilePath] string path = "") => path;
}
