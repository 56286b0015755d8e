namespace StepDistill.Hub;

/// <summary>A file of a student that is pushed.</summary>
/// <param name="Path">Its path in the folder, with <c>/</c>.</param>
/// <param name="Size">Its bytes.</param>
/// <param name="Sha256">SHA-256 of its content.</param>
public sealed record HubPushedFile(string Path, long Size, string Sha256);
