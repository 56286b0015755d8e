using Microsoft.Extensions.AI;

namespace StepDistill.Teachers.Requests;

/// <summary>What became of one question, after as many requests as it took.</summary>
/// <param name="Response">The reply; null where none came.</param>
/// <param name="Fault">Why none came.</param>
/// <param name="Latency">Of the last request.</param>
/// <param name="At">When the last request ended.</param>
/// <param name="Cost">What the reply cost, in dollars; null where the price or the tokens are not known.</param>
internal sealed record RequestOutcome(ChatResponse? Response, string? Fault, TimeSpan Latency, DateTimeOffset At, decimal? Cost)
{
    /// <summary>Whether the server refused the question itself, so that the same question would be refused again.</summary>
    public bool IsRefused { get; init; }
}
