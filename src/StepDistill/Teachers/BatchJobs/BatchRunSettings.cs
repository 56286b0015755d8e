using StepDistill.Teachers.Requests;

namespace StepDistill.Teachers.BatchJobs;

/// <summary>How a <see cref="BatchRun"/> works.</summary>
public sealed record BatchRunSettings
{
    /// <summary>Which server holds the batches, as the recipe names it; those of others are left alone.</summary>
    public required string Server { get; init; }

    /// <summary>Where the file of requests is written before it is uploaded; it is removed afterwards.</summary>
    public required string InputPath { get; init; }

    /// <summary>What the service allows.</summary>
    public BatchLimits Limits { get; init; } = new();

    /// <summary>Whether to wait until nothing is open any more. Default: false.</summary>
    public bool Wait { get; init; }

    /// <summary>Whether to ask again about examples whose newest attempt has the status Failed. Default: false.</summary>
    public bool RetryFailed { get; init; }

    /// <summary>What to do about failed calls.</summary>
    public ChatRetries Retries { get; init; } = new();

    /// <summary>The shortest wait between two looks at open batches. Default: 10 seconds.</summary>
    public TimeSpan ShortestLook { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The longest wait between two looks. Default: 5 minutes.</summary>
    public TimeSpan LongestLook { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>
    /// How long after a batch was asked for, without a reply, it is sure to be in the service's list if it was accepted.
    /// Default: one minute.
    /// </summary>
    public TimeSpan Settling { get; init; } = TimeSpan.FromMinutes(1);
}
