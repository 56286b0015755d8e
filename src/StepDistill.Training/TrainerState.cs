namespace StepDistill.Training;

/// <summary>Where a training stands, weights and optimizer apart. All chance follows from seed and step, so this is all there is.</summary>
public sealed record TrainerState
{
    /// <summary>A training that has not begun.</summary>
    public static TrainerState Start { get; } = new();

    /// <summary>Updates done.</summary>
    public int Step { get; init; }

    /// <summary>Seconds spent on them, over all resumptions.</summary>
    public double Seconds { get; init; }

    /// <summary>The looks at the validation rows so far, oldest first.</summary>
    public IReadOnlyList<Look> Looks { get; init; } = [];
}

/// <summary>One look at the validation rows.</summary>
/// <param name="Step">Updates done by then.</param>
/// <param name="Score">What decides which weights are kept; higher is better.</param>
public sealed record Look(int Step, double Score);
