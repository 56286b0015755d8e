namespace StepDistill.Hub;

/// <summary>How a student is pushed.</summary>
public sealed record HubPushSettings
{
    /// <summary>Whether a repository that has to be made is to be seen by its owner alone. Default: no.</summary>
    /// <remarks>A public repository that is there is refused with this, and not made private.</remarks>
    public bool Private { get; init; }

    /// <summary>What the commit says; null for a line with the student's name.</summary>
    public string? Message { get; init; }

    /// <summary>Whether only to check and to tell what would be pushed; the hub is not asked. Default: no.</summary>
    public bool DryRun { get; init; }
}
