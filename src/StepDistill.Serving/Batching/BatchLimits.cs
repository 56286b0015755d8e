namespace StepDistill.Serving.Batching;

/// <summary>How questions of many requests become batches, and how many may wait.</summary>
internal sealed record BatchLimits
{
    /// <summary>Questions that a batch holds at most.</summary>
    public int MaxRows { get; init; } = 32;

    /// <summary>Tokens that a batch holds at most, padding included: rows times the longest row. One row always fits.</summary>
    public int MaxTokens { get; init; } = 8192;

    /// <summary>How long a worker that could begin waits for company at most, counted from its last batch, and only where that had company.</summary>
    public TimeSpan MaxWait { get; init; } = TimeSpan.FromMilliseconds(5);

    /// <summary>How long a question may have to wait for its batch; one that would have to wait longer is refused at once.</summary>
    public TimeSpan LatencyLimit { get; init; } = TimeSpan.FromMilliseconds(250);

    /// <summary>Questions that may wait at most.</summary>
    public int Capacity { get; init; } = 1024;

    /// <summary>How long a question waits before it is given up, where it names no shorter time itself.</summary>
    public TimeSpan Deadline { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Batches that are computed side by side.</summary>
    public int Workers { get; init; } = 1;
}
