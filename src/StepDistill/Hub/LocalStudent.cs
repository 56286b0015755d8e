using StepDistill.Students;

namespace StepDistill.Hub;

/// <summary>A student's folder, checked, with the files that are pushed.</summary>
/// <param name="Name">What it is called.</param>
/// <param name="Files">Its files with their hashes, in order of their paths.</param>
/// <param name="LeftOut">Files of the folder that do not belong to a student.</param>
internal sealed record LocalStudent(string Name, IReadOnlyList<LocalFile> Files, IReadOnlyList<string> LeftOut)
{
    private const int MaxDepth = 16;

    /// <summary>Opens a folder and compares every file with the manifest.</summary>
    /// <exception cref="StepDistillException">It is no whole student, or has files that cannot be pushed.</exception>
    public static LocalStudent Open(string folder, CancellationToken cancellation)
    {
        var manifest = StudentFolder.Open(folder, verify: true).Manifest!;
        List<string> all =
        [
            .. Directory.EnumerateFiles(folder, "*", new EnumerationOptions
            {
                RecurseSubdirectories = true,
                MaxRecursionDepth = MaxDepth,
                AttributesToSkip = FileAttributes.None,
                IgnoreInaccessible = false,
            })
            .Select(file => Path.GetRelativePath(folder, file).Replace(Path.DirectorySeparatorChar, '/'))
            .Order(StringComparer.Ordinal),
        ];
        List<string> paths = [.. all.Where(path => StudentFiles.Belongs(path) || manifest.Files.ContainsKey(path))];
        if (paths.Find(path => !HubPath.IsPlain(path)) is { } odd)
        {
            throw new StepDistillException(
                $"{folder} has the file '{HubListing.Shown(odd)}', whose name other systems cannot have. Rename it and make the student again.");
        }

        if (paths.Count > StudentFiles.Most)
        {
            throw new StepDistillException($"{folder} has {paths.Count} files; a student has {StudentFiles.Most} at most. Check the folder.");
        }

        List<LocalFile> files = [];
        foreach (var path in paths)
        {
            cancellation.ThrowIfCancellationRequested();
            files.Add(LocalFile.Read(folder, path));
        }

        return new(manifest.Name, files, [.. all.Except(paths, StringComparer.Ordinal)]);
    }
}
