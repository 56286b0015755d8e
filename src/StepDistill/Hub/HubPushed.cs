namespace StepDistill.Hub;

/// <summary>What a push did.</summary>
/// <param name="Page">The repository's address.</param>
/// <param name="Commit">The commit that holds the student; null after a dry run.</param>
/// <param name="Files">The student's files, in order of their paths.</param>
/// <param name="Uploaded">Bytes that were sent as large files, those in the commit itself not counted.</param>
/// <param name="Unchanged">Files that the repository had already.</param>
/// <param name="Removed">Files of an earlier student in the repository that this one does not have.</param>
/// <param name="LeftOut">Files of the folder that do not belong to a student.</param>
/// <param name="WasCreated">Whether the repository was made.</param>
public sealed record HubPushed(
    Uri Page,
    string? Commit,
    IReadOnlyList<HubPushedFile> Files,
    long Uploaded,
    IReadOnlyList<string> Unchanged,
    IReadOnlyList<string> Removed,
    IReadOnlyList<string> LeftOut,
    bool WasCreated);
