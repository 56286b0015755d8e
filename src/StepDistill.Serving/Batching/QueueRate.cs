namespace StepDistill.Serving.Batching;

/// <summary>Tokens that one worker computes a second when it has enough to do: a mean in which the last batches count most.</summary>
/// <remarks>
/// Only full batches tell: a lone row takes nearly as long as several, so a quiet time would make a server look slow. Before the
/// first full batch nothing is known, and nothing is refused for being slow.
/// </remarks>
internal sealed class QueueRate
{
    private const double Memory = 0.8;

    private double _tokens;
    private double _seconds;

    /// <summary>Tokens a second; null before the first full batch.</summary>
    public double? TokensPerSecond => _seconds > 0 ? _tokens / _seconds : null;

    /// <summary>Adds a full batch.</summary>
    /// <param name="tokens">Its rows' tokens, without padding.</param>
    /// <param name="time">How long it took.</param>
    public void Add(long tokens, TimeSpan time)
    {
        _tokens = (Memory * _tokens) + tokens;
        _seconds = (Memory * _seconds) + time.TotalSeconds;
    }

    /// <summary>Forgets everything, as when another student answers.</summary>
    public void Forget() => (_tokens, _seconds) = (0, 0);
}
