namespace StepDistill.Hub;

/// <summary>What a pull brought.</summary>
/// <param name="Folder">The student's folder, whole.</param>
/// <param name="Commit">The commit that it is of.</param>
/// <param name="Files">Its files, in order of their paths.</param>
/// <param name="Bytes">Bytes of all of them.</param>
/// <param name="LeftOut">Files of the repository that do not belong to a student.</param>
/// <param name="HasManifest">Whether a <c>stepdistill.json</c> came along, with whose hashes every file was compared.</param>
/// <param name="WasThere">Whether the folder held exactly this already.</param>
public sealed record HubPulled(
    string Folder, string Commit, IReadOnlyList<string> Files, long Bytes, IReadOnlyList<string> LeftOut, bool HasManifest, bool WasThere);
