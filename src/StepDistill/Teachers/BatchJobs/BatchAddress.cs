namespace StepDistill.Teachers.BatchJobs;

/// <summary>Which of a service's interfaces the requests of a batch are for.</summary>
public static class BatchAddress
{
    /// <summary>Chat completions; the same name stands in the batch and in each of its requests.</summary>
    public const string Chat = "/v1/chat/completions";
}
