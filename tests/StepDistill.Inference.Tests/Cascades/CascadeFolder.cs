namespace StepDistill.Inference.Tests.Cascades;

/// <summary>A folder that goes away with the test.</summary>
internal sealed class CascadeFolder : IDisposable
{
    public string Root { get; } = Directory.CreateTempSubdirectory("stepdistill-").FullName;

    public string this[string path] => System.IO.Path.Combine(Root, path);

    /// <summary>Writes a text file and gives its path.</summary>
    public string Write(string path, string text)
    {
        var full = this[path];
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(full)!);
        File.WriteAllText(full, text);
        return full;
    }

    public void Dispose() => Directory.Delete(Root, recursive: true);
}
