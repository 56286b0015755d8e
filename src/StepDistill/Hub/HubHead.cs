namespace StepDistill.Hub;

/// <summary>Where a branch, tag or commit of a repository stands.</summary>
/// <param name="Commit">Its commit; null for a repository without any.</param>
/// <param name="IsPrivate">Whether only its owner sees it; null where the hub did not say.</param>
internal sealed record HubHead(string? Commit, bool? IsPrivate);
