namespace StepDistill.Cli.Machine;

/// <summary>How one thing stands.</summary>
internal enum FindingState
{
    /// <summary>As it should be.</summary>
    Good,

    /// <summary>Something that only some verbs need is missing, or scarce.</summary>
    Lacking,

    /// <summary>Without it nothing can be trained.</summary>
    Broken,
}

/// <summary>One thing that this machine has or lacks.</summary>
/// <param name="Name">What was looked at.</param>
/// <param name="State">How it stands.</param>
/// <param name="Text">What was found and, where it lacks, what to do.</param>
internal sealed record Finding(string Name, FindingState State, string Text);
