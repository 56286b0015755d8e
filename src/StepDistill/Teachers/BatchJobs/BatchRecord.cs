namespace StepDistill.Teachers.BatchJobs;

/// <summary>What we know about a batch of ours.</summary>
public sealed record BatchRecord
{
    /// <summary>Its number in the ledger.</summary>
    public required long Number { get; init; }

    /// <summary>Our own name for it, by which it is found again at the service.</summary>
    public required string Tag { get; init; }

    /// <summary>The service's id of its file of requests; null before that was uploaded.</summary>
    public string? InputFile { get; init; }

    /// <summary>The service's id of it; null before we know that the service has accepted it.</summary>
    public string? Id { get; init; }

    /// <summary>What the service last said.</summary>
    public BatchState State { get; init; }

    /// <summary>Requests that it was made of.</summary>
    public required long Requests { get; init; }

    /// <summary>Requests that were answered, as the service last said.</summary>
    public long Completed { get; init; }

    /// <summary>Requests that failed, as the service last said.</summary>
    public long Failed { get; init; }

    /// <summary>The most tokens that its prompts can have.</summary>
    public required long Tokens { get; init; }

    /// <summary>When it was made, by our clock.</summary>
    public required DateTimeOffset Made { get; init; }

    /// <summary>When the service was last asked to accept it, by our clock; null where it never was.</summary>
    public DateTimeOffset? Asked { get; init; }

    /// <summary>When the service gives up on it; null where not known.</summary>
    public DateTimeOffset? Expires { get; init; }
}

/// <summary>A question that is in a batch, and what came of it so far.</summary>
/// <param name="Key">The annotation's key.</param>
/// <param name="Batch">The batch's number in the ledger.</param>
/// <param name="Made">When the batch was made.</param>
/// <param name="Received">When the batch's answers arrived here; null while it is open.</param>
/// <param name="Reply">The answer; null where there is none yet.</param>
public sealed record BatchedQuestion(string Key, long Batch, DateTimeOffset Made, DateTimeOffset? Received, BatchReply? Reply);
