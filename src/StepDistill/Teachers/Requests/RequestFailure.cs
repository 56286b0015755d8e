namespace StepDistill.Teachers.Requests;

/// <summary>What an exception of a provider's own kind says about a failed request.</summary>
/// <param name="Status">The HTTP status, or null where no reply came.</param>
/// <param name="RetryAfter">How long the server asks to wait, or null.</param>
public sealed record RequestFailure(int? Status, TimeSpan? RetryAfter = null);
