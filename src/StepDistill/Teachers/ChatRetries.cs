namespace StepDistill.Teachers;

/// <summary>How a <see cref="ChatTeacher"/> deals with requests that fail for a while. None of it is part of an annotation's key.</summary>
public sealed record ChatRetries
{
    /// <summary>Requests for one question, the first included. Default: 5.</summary>
    public int Attempts { get; init; } = 5;

    /// <summary>The wait before the second request; it doubles with each further one, and up to half of it is taken off by chance. Default: one second.</summary>
    public TimeSpan FirstWait { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>The longest wait, also where the server asks for a longer one. Default: one minute.</summary>
    public TimeSpan LongestWait { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>How long one request may take. Default: two minutes.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>Questions failed in a row after which the server counts as gone and the run stops. Default: 100.</summary>
    public int FailuresInARow { get; init; } = 100;

    /// <summary>Seed of the chance in the waits. Default: 0.</summary>
    public int Seed { get; init; }
}
