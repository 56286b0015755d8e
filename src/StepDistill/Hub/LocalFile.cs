using StepDistill.Files;

namespace StepDistill.Hub;

/// <summary>A file that is to be pushed, as it was when it was hashed.</summary>
/// <param name="Path">Its path in the student's folder, with <c>/</c>.</param>
/// <param name="FullPath">Where it is.</param>
/// <param name="Size">Its bytes.</param>
/// <param name="Sha256">SHA-256 of its content.</param>
/// <param name="WrittenAt">When it was last written.</param>
internal sealed record LocalFile(string Path, string FullPath, long Size, string Sha256, DateTime WrittenAt)
{
    /// <summary>Hashes a file.</summary>
    public static LocalFile Read(string folder, string path)
    {
        var full = System.IO.Path.Combine([folder, .. path.Split('/')]);
        var (size, written) = Now(full);
        return new(path, full, size, ContentHash.OfFile(full), written);
    }

    /// <summary>Refuses a file that was written since it was hashed.</summary>
    /// <exception cref="StepDistillException">It was.</exception>
    public void ThrowIfChanged()
    {
        if (!File.Exists(FullPath) || Now(FullPath) != (Size, WrittenAt))
        {
            throw new StepDistillException($"{FullPath} was written while it was being pushed. Nothing was committed; run the same command again.");
        }
    }

    private static (long Size, DateTime WrittenAt) Now(string path)
    {
        var file = new FileInfo(path);
        file = file.ResolveLinkTarget(returnFinalTarget: true) as FileInfo ?? file;
        return (file.Length, file.LastWriteTimeUtc);
    }
}
