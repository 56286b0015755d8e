namespace StepDistill.Hub;

/// <summary>What became of a commit.</summary>
internal enum HubCommitOutcome
{
    /// <summary>It was made.</summary>
    Made,

    /// <summary>The branch stands elsewhere than it was told: nothing was changed by this.</summary>
    Overtaken,

    /// <summary>No answer came, so it may have been made or not.</summary>
    Unknown,
}
