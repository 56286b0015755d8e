namespace StepDistill.FaultServer;

/// <summary>What a server does instead of answering.</summary>
public enum Fault
{
    /// <summary>It answers.</summary>
    None,

    /// <summary>429, without a word about when to come back.</summary>
    TooMany,

    /// <summary>429 with <c>Retry-After</c>.</summary>
    TooManyForNow,

    /// <summary>500</summary>
    ServerError,

    /// <summary>503</summary>
    Unavailable,

    /// <summary>Half a reply, then the connection is cut.</summary>
    Reset,

    /// <summary>No reply at all.</summary>
    Silence,

    /// <summary>The whole reply, a few bytes at a time.</summary>
    Drip,

    /// <summary>Half a reply that claims to be a whole one.</summary>
    HalfJson,

    /// <summary>A page of HTML, with status 200.</summary>
    WrongType,

    /// <summary>The reply twice in one body.</summary>
    Twice,

    /// <summary>A reply that the token limit cut: <c>finish_reason</c> is <c>length</c>.</summary>
    Length,

    /// <summary>A reply that the content filter stopped.</summary>
    Filtered,

    /// <summary>401</summary>
    Unauthorized,

    /// <summary>429, because the account has no credit.</summary>
    NoCredit,
}
