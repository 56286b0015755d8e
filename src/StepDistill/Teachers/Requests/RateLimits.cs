namespace StepDistill.Teachers.Requests;

/// <summary>What a server allows in any minute; null for what nobody has said.</summary>
/// <param name="Requests">Requests a minute.</param>
/// <param name="Tokens">Tokens a minute, of prompts and replies together.</param>
public sealed record RateLimits(long? Requests = null, long? Tokens = null)
{
    /// <summary>No limit known.</summary>
    public static RateLimits None { get; } = new();

    /// <summary>The stricter of two.</summary>
    /// <param name="other">The other limits.</param>
    public RateLimits And(RateLimits other) => new(Least(Requests, other.Requests), Least(Tokens, other.Tokens));

    private static long? Least(long? one, long? other) => one is null ? other : other is null ? one : Math.Min(one.Value, other.Value);
}
