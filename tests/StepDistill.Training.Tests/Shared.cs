using System.Runtime.CompilerServices;

namespace StepDistill.Training.Tests;

/// <summary>Reference data beside the repository, for tests that skip themselves where it is absent.</summary>
internal static class Shared
{
    /// <summary>The path of something in it; the test skips itself where that is absent.</summary>
    public static string Path(string name)
    {
        var path = System.IO.Path.Combine(Root(), name);
        Assert.SkipUnless(System.IO.Path.Exists(path), $"{path} is not there: it is not part of the repository.");
        return path;
    }

    private static string Root([CallerFilePath] string here = "") =>
        System.IO.Path.GetFullPath(System.IO.Path.Combine(System.IO.Path.GetDirectoryName(here)!, "../../../shared"));
}
