namespace StepDistill.Serving.Batching;

/// <summary>Tells refused clients when to come back: one after the other, as fast as the server answers, and not all at once.</summary>
/// <param name="clock">The time.</param>
internal sealed class Returns(TimeProvider clock)
{
    /// <summary>Nobody is told to come back later than this.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromSeconds(30);

    private DateTimeOffset _next;

    /// <summary>When the next refused client shall come back.</summary>
    /// <param name="earliest">When there will be room at the earliest, by what waits already.</param>
    /// <param name="time">How long answering it will take.</param>
    public TimeSpan Next(TimeSpan earliest, TimeSpan time)
    {
        var now = clock.GetUtcNow();
        var (first, last) = (now + earliest, now + Longest);
        var at = _next > first ? _next : first;
        if (at >= last)
        {
            return Longest;
        }

        _next = at + time;
        return at - now;
    }
}
