namespace StepDistill.Hub;

/// <summary>The folder beside a student's in which it is put together, until it is whole.</summary>
/// <remarks><c>FOLDER.incomplete/</c> holds <c>parts/HASH</c>, what is on its way, and <c>student/</c>, the files that are here.</remarks>
internal sealed class PullFolder : IDisposable
{
    private readonly string root;
    private readonly FileStream alone;

    private PullFolder(string target, string root, FileStream alone) => (Target, this.root, this.alone) = (target, root, alone);

    /// <summary>Where the student shall be.</summary>
    public string Target { get; }

    /// <summary>Where it is until then.</summary>
    public string Student => Path.Combine(root, "student");

    /// <summary>Makes the folder, or goes on with one that an earlier run left.</summary>
    /// <exception cref="StepDistillException">Another process is at it.</exception>
    public static PullFolder Open(string target)
    {
        var root = target + ".incomplete";
        Directory.CreateDirectory(Path.Combine(root, "parts"));
        Directory.CreateDirectory(Path.Combine(root, "student"));
        try
        {
            return new(target, root, new FileStream(Path.Combine(root, "lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
        }
        catch (IOException e) when (e is not (DirectoryNotFoundException or PathTooLongException) && File.Exists(Path.Combine(root, "lock")))
        {
            throw new StepDistillException($"Another pull is filling {target}. Wait for it, or give another folder with --to.", e);
        }
    }

    /// <summary>Where a content is while it comes.</summary>
    public string Part(string hash) => Path.Combine(root, "parts", hash);

    /// <summary>Where a file is, or will be, until the student is whole.</summary>
    public string FileAt(string path) => Path.Combine([Student, .. path.Split('/')]);

    /// <summary>Removes what an earlier run left and is no longer in the repository.</summary>
    public void Keep(IReadOnlyCollection<string> paths)
    {
        var wanted = paths.Select(FileAt).ToHashSet(StringComparer.Ordinal);
        foreach (var file in Directory.EnumerateFiles(Student, "*", SearchOption.AllDirectories).Where(file => !wanted.Contains(file)).ToList())
        {
            File.Delete(file);
        }

        foreach (var folder in Directory.EnumerateDirectories(Student, "*", SearchOption.AllDirectories).OrderByDescending(folder => folder.Length).ToList())
        {
            if (!Directory.EnumerateFileSystemEntries(folder).Any())
            {
                Directory.Delete(folder);
            }
        }
    }

    /// <summary>Lets the student appear, all at once.</summary>
    public void Publish()
    {
        if (Directory.Exists(Target))
        {
            Directory.Delete(Target); // empty, or this fails
        }

        Directory.Move(Student, Target);
        Discard();
    }

    /// <summary>Removes everything that was put here.</summary>
    public void Discard()
    {
        alone.Dispose();
        Directory.Delete(root, recursive: true);
    }

    public void Dispose() => alone.Dispose();
}
