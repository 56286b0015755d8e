using System.Runtime.CompilerServices;

namespace StepDistill.Tests.Tokenizers;

/// <summary>Data beside the repository, for tests that skip themselves where it is missing.</summary>
internal static class SharedFolder
{
    public static string Path { get; } = Find();

    private static string Find([CallerFilePath] string file = "")
    {
        var folder = new DirectoryInfo(System.IO.Path.GetDirectoryName(file)!);
        while (folder is not null && !File.Exists(System.IO.Path.Combine(folder.FullName, "StepDistill.slnx")))
        {
            folder = folder.Parent;
        }

        return System.IO.Path.GetFullPath(System.IO.Path.Combine(folder?.FullName ?? ".", "..", "shared"));
    }
}
