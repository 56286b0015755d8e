namespace StepDistill.Teachers.BatchJobs;

/// <summary>How far the service is with a batch. The names are the service's own.</summary>
/// <remarks>https://platform.openai.com/docs/guides/batch, "Check the status of a batch".</remarks>
public enum BatchState
{
    /// <summary>The service says something that is not known here; the batch counts as open.</summary>
    Unknown,

    /// <summary>The file of requests is being checked.</summary>
    Validating,

    /// <summary>The file of requests was refused: nothing was asked, and nothing is to be paid.</summary>
    Failed,

    /// <summary>Requests are being answered.</summary>
    InProgress,

    /// <summary>All requests are answered; the files of answers are being written.</summary>
    Finalizing,

    /// <summary>The files of answers are there.</summary>
    Completed,

    /// <summary>The time was over before all requests were answered; those that were can be had.</summary>
    Expired,

    /// <summary>Somebody has cancelled it; requests under way are still being answered.</summary>
    Cancelling,

    /// <summary>It was cancelled; what was answered before can be had.</summary>
    Cancelled,
}

/// <summary>What states are called, and what follows from them.</summary>
public static class BatchStates
{
    private static readonly Dictionary<string, BatchState> ByName =
        Enum.GetValues<BatchState>().ToDictionary(NameOf, StringComparer.Ordinal);

    /// <summary>The service's name of a state, such as <c>in_progress</c>.</summary>
    /// <param name="state">The state.</param>
    public static string NameOf(this BatchState state) =>
        state == BatchState.InProgress ? "in_progress" : state.ToString().ToLowerInvariant();

    /// <summary>The state of a name; <see cref="BatchState.Unknown"/> for names that are not known.</summary>
    /// <param name="name">The service's name.</param>
    public static BatchState Of(string? name) => ByName.GetValueOrDefault(name ?? "");

    /// <summary>Whether nothing more will come.</summary>
    /// <param name="state">The state.</param>
    public static bool IsEnd(this BatchState state) =>
        state is BatchState.Failed or BatchState.Completed or BatchState.Expired or BatchState.Cancelled;
}
