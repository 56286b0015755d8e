namespace StepDistill.Hub;

/// <summary>What has to change in a repository so that it holds a student, whole and unmixed.</summary>
/// <param name="Changed">Files to add or replace.</param>
/// <param name="Removed">Files of an earlier student that this one does not have. What does not belong to a student stays.</param>
/// <param name="Unchanged">Files that are there.</param>
internal sealed record HubChange(IReadOnlyList<LocalFile> Changed, IReadOnlyList<string> Removed, IReadOnlyList<string> Unchanged)
{
    /// <summary>Whether the student is there.</summary>
    public bool IsNothing => Changed.Count == 0 && Removed.Count == 0;

    /// <summary>Compares a student with what a repository lists.</summary>
    public static HubChange Between(LocalStudent student, IReadOnlyList<HubEntry> there)
    {
        var known = there.ToDictionary(entry => entry.Path, StringComparer.Ordinal);
        var isThere = student.Files.ToLookup(file => known.TryGetValue(file.Path, out var entry) && entry.Size == file.Size
            && (entry.Hash.Length == file.Sha256.Length ? entry.Hash == file.Sha256 : entry.Is(file.FullPath)));
        var paths = student.Files.Select(file => file.Path).ToHashSet(StringComparer.Ordinal);
        return new(
            [.. isThere[false]],
            [.. there.Select(entry => entry.Path).Where(path => StudentFiles.Belongs(path) && !paths.Contains(path))],
            [.. isThere[true].Select(file => file.Path)]);
    }
}
