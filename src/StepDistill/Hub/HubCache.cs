using System.Security.Cryptography;
using System.Text;
using StepDistill.Files;
using StepDistill.Students.Weights;

namespace StepDistill.Hub;

/// <summary>The folder of one student in the cache, laid out as Hugging Face's own tools lay it out.</summary>
/// <remarks>
/// <c>models--OWNER--NAME/refs/main</c> holds a commit, <c>blobs/HASH</c> contents, and <c>snapshots/COMMIT/FILE</c> links to
/// them. Layout: huggingface_hub, docs, "Understand caching".
/// </remarks>
internal sealed class HubCache(string cacheFolder, HubName name)
{
    private const int LockedOnLinux = 11;
    private const int LockedOnMac = 35;
    private const int LockedOnWindows = unchecked((int)0x80070020);

    private readonly string folder =
        Path.Combine(cacheFolder, "models--" + name.Repository.Replace("/", "--", StringComparison.Ordinal));

    private readonly string locks =
        Path.Combine(cacheFolder, ".locks", "models--" + name.Repository.Replace("/", "--", StringComparison.Ordinal));

    /// <summary>Where a commit's files are, or will be.</summary>
    public string Snapshot(string commit) => Path.Combine(folder, "snapshots", commit);

    /// <summary>Where a content is, or will be.</summary>
    public string Blob(string etag) => Path.Combine(folder, "blobs", etag);

    /// <summary>The snapshot that is here for the name, if it is whole.</summary>
    public string? FindSnapshot()
    {
        var commit = name.IsCommit ? name.Revision : ReadReference();
        return commit is not null && IsWhole(Snapshot(commit)) ? Snapshot(commit) : null;
    }

    /// <summary>Remembers which commit a branch or tag stands for.</summary>
    public void WriteReference(string commit)
    {
        if (!name.IsCommit)
        {
            AtomicFile.WriteText(ReferencePath, commit);
        }
    }

    /// <summary>Lets a file of a snapshot be a content: by a link, or by a copy where the file system has no links.</summary>
    public void Link(string commit, string file, string etag)
    {
        var path = Path.Combine(Snapshot(commit), file);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        if (File.Exists(path))
        {
            return;
        }

        File.Delete(path); // a link whose content is gone
        try
        {
            File.CreateSymbolicLink(path, Path.Combine("..", "..", "blobs", etag));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or PlatformNotSupportedException)
        {
            if (File.Exists(path))
            {
                return; // another process was faster
            }

            AtomicFile.Write(path, stream =>
            {
                using var content = File.OpenRead(Blob(etag));
                content.CopyTo(stream);
            });
        }
    }

    /// <summary>Waits until no other process downloads the same content. Hugging Face's tools lock the same file the same way.</summary>
    public async Task<IDisposable> LockAsync(string etag, TimeProvider time, CancellationToken cancellation)
    {
        Directory.CreateDirectory(locks);
        Directory.CreateDirectory(Path.Combine(folder, "blobs"));
        while (true)
        {
            try
            {
                return new FileStream(Path.Combine(locks, etag + ".lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException e) when (e.HResult is LockedOnLinux or LockedOnMac or LockedOnWindows)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(250), time, cancellation).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Whether a content's hash is what its name says: SHA-256 for large files, git's own hash for small ones.</summary>
    /// <param name="path">The content.</param>
    /// <param name="etag">Its name.</param>
    /// <returns>False if it differs; true also for names of another form, which say nothing about the content.</returns>
    public static bool HasHash(string path, string etag)
    {
        if (etag.Length == 64 && etag.All(char.IsAsciiHexDigitLower))
        {
            return ContentHash.OfFile(path) == etag;
        }

        return etag.Length != 40 || !etag.All(char.IsAsciiHexDigitLower) || GitHash(path) == etag;
    }

    private static string GitHash(string path)
    {
        using var content = File.OpenRead(path);
#pragma warning disable CA5350 // SHA-1 is how git names contents; it tells transmission errors here, and is no protection.
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA1);
#pragma warning restore CA5350
        hash.AppendData(Encoding.ASCII.GetBytes($"blob {content.Length}\0"));
        var buffer = new byte[1 << 16];
        for (int read; (read = content.Read(buffer)) > 0;)
        {
            hash.AppendData(buffer, 0, read);
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private string ReferencePath => Path.Combine([folder, "refs", .. name.Revision.Split('/')]);

    private string? ReadReference() =>
        File.Exists(ReferencePath)
        && Encoding.ASCII.GetString(BoundedFile.ReadAllBytes(ReferencePath, 1000, "a reference to a commit")).Trim() is var commit
        && HubFiles.IsPlain(commit)
            ? commit : null;

    private static bool IsWhole(string snapshot)
    {
        bool Here(string file) => File.Exists(Path.Combine(snapshot, file));

        try
        {
            return HubFiles.Required.All(Here) && HubFiles.Weights.FirstOrDefault(Here) is { } weights
                && (!HubFiles.IsIndex(weights) || WeightIndex.Read(Path.Combine(snapshot, weights)).Values.All(Here));
        }
        catch (StepDistillException)
        {
            return false; // an index that cannot be read: to be downloaded anew
        }
    }
}
