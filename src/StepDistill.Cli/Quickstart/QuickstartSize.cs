namespace StepDistill.Cli.Quickstart;

/// <summary>How much the quickstart does. The defaults are chosen for a few minutes on two cores; tests do less.</summary>
internal sealed record QuickstartSize
{
    /// <summary>Questions to learn from: about half of all that there are.</summary>
    public int TrainRows { get; init; } = 600;

    /// <summary>Questions that choose the weights to keep.</summary>
    public int ValidationRows { get; init; } = 128;

    /// <summary>Questions kept aside to measure with.</summary>
    public int TestRows { get; init; } = 400;

    /// <summary>Updates of the weights for each student.</summary>
    public int Steps { get; init; } = 1400;

    /// <summary>Each arm is trained once for each seed.</summary>
    public IReadOnlyList<int> Seeds { get; init; } = [0, 1, 2];
}
