namespace StepDistill.Teachers.Requests;

/// <summary>How <see cref="ChatRequests"/> deals with requests that fail for a while. None of it is part of an annotation's key.</summary>
public sealed record ChatRetries
{
    /// <summary>Requests for one question, the first included; those that came at a bad moment (429, no credit) do not count. Default: 5.</summary>
    public int Attempts { get; init; } = 5;

    /// <summary>The wait before the second request; it doubles with each further one, and up to half of it is taken off by chance. Default: one second.</summary>
    public TimeSpan FirstWait { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>The longest wait that doubling leads to; a server may ask for up to an hour. Default: one minute.</summary>
    public TimeSpan LongestWait { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>How long one request may take. Default: two minutes.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>How long the server may say 429 to everything, or that the account has no credit, before the run stops. Default: a day.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromDays(1);

    /// <summary>How often an account without credit is tried again. Default: every minute.</summary>
    public TimeSpan CreditWait { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>Questions failed in a row after which the server counts as gone and the run stops. Default: 100.</summary>
    public int FailuresInARow { get; init; } = 100;

    /// <summary>Seed of the chance in the waits. Default: 0.</summary>
    public int Seed { get; init; }
}
