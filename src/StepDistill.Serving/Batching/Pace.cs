namespace StepDistill.Serving.Batching;

/// <summary>Tells a worker whether to begin now or to wait for company. Used under the queue's lock.</summary>
/// <remarks>
/// The rows that were there when its last batch ended (the batch's own and those that waited) are what it may expect to see again:
/// clients that have their answers ask the next question. So with one client it never waits, and with many it hardly has to.
/// </remarks>
internal sealed class Pace : IDisposable
{
    private readonly TimeProvider _clock;
    private readonly BatchLimits _limits;
    private readonly ITimer _alarm;
    private long _ended;
    private int _expected;

    /// <summary>Creates a worker's pace.</summary>
    /// <param name="clock">The time.</param>
    /// <param name="limits">How many, how long.</param>
    /// <param name="wake">Wakes the worker when waiting is over.</param>
    public Pace(TimeProvider clock, BatchLimits limits, Action wake)
    {
        (_clock, _limits) = (clock, limits);
        _alarm = clock.CreateTimer(_ => wake(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>A batch has ended.</summary>
    /// <param name="rows">Its rows.</param>
    /// <param name="waiting">The rows that wait now.</param>
    public void Ended(int rows, int waiting) => (_expected, _ended) = (rows + waiting, _clock.GetTimestamp());

    /// <summary>How many rows to wait for; null to begin now, as always when <see cref="BatchLimits.MaxWait"/> has passed since the last batch.</summary>
    /// <param name="waiting">The rows that wait.</param>
    public int? WaitFor(int waiting)
    {
        var enough = Math.Min(_limits.MaxRows, _expected);
        var left = _limits.MaxWait - _clock.GetElapsedTime(_ended);
        if (waiting >= enough || left <= TimeSpan.Zero)
        {
            return null;
        }

        _alarm.Change(left, Timeout.InfiniteTimeSpan);
        return enough;
    }

    /// <inheritdoc/>
    public void Dispose() => _alarm.Dispose();
}
