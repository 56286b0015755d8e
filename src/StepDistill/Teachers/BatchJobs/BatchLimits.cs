namespace StepDistill.Teachers.BatchJobs;

/// <summary>What the service allows.</summary>
public sealed record BatchLimits
{
    /// <summary>Requests in one batch. Default: 50,000, OpenAI's limit.</summary>
    public int Requests { get; init; } = 50_000;

    /// <summary>Bytes of one file of requests. Default: 200 million, OpenAI's limit.</summary>
    public long Bytes { get; init; } = 200_000_000;

    /// <summary>Tokens of prompts that may wait in all open batches; null for no limit. A batch that alone passes it goes when nothing else waits.</summary>
    public long? EnqueuedTokens { get; init; }
}
