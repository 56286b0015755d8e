namespace StepDistill.Serving.Batching;

/// <summary>A question that is not computed, since too much is asked or the server stops; the client may ask again later.</summary>
/// <param name="reason">Why.</param>
/// <param name="retryAfter">When asking again has a chance, from what was measured.</param>
internal sealed class RefusedException(Refusal reason, TimeSpan retryAfter) : Exception(Say(reason))
{
    /// <summary>Why.</summary>
    public Refusal Reason { get; } = reason;

    /// <summary>When asking again has a chance.</summary>
    public TimeSpan RetryAfter { get; } = retryAfter;

    private static string Say(Refusal reason) => reason switch
    {
        Refusal.Full => "As many questions are waiting as this server lets wait. Ask again after the time in Retry-After.",
        Refusal.TooSlow => "This question would wait longer than this server lets questions wait. Ask again after the time in Retry-After.",
        Refusal.Expired => "This question was not begun before its deadline. Ask again after the time in Retry-After.",
        Refusal.NotReady => "The student is not ready yet. Ask again after the time in Retry-After.",
        _ => "The server is stopping. Ask another one, or again after the time in Retry-After.",
    };
}
