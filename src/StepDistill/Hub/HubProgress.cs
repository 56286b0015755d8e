namespace StepDistill.Hub;

/// <summary>How far a file is on its way from a hub or to it.</summary>
/// <param name="File">The file, such as <c>model.safetensors</c>.</param>
/// <param name="Done">Bytes that arrived.</param>
/// <param name="Total">Bytes that it has; null where the hub did not say.</param>
/// <param name="Waiting">Why it waits before it tries again, in one sentence; null while it does not.</param>
public sealed record HubProgress(string File, long Done, long? Total, string? Waiting = null);
