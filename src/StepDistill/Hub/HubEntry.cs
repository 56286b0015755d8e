namespace StepDistill.Hub;

/// <summary>A file in a hub's listing.</summary>
/// <param name="Path">Its path in the repository.</param>
/// <param name="Size">Its bytes.</param>
/// <param name="Hash">SHA-256 of its content where it is kept as a large file, otherwise git's own hash.</param>
internal sealed record HubEntry(string Path, long Size, string Hash)
{
    /// <summary>Whether a file here has this content.</summary>
    public bool Is(string file) => File.Exists(file) && new FileInfo(file).Length == Size && HubCache.HasHash(file, Hash);
}
