namespace StepDistill.Tests.Runs;

/// <summary>A clock that goes on by one second whenever it is asked, and whose timers fire at once.</summary>
internal sealed class SteppingClock(DateTimeOffset start) : TimeProvider
{
    private long _seconds;

    public override long TimestampFrequency => 1;

    public override DateTimeOffset GetUtcNow() => start.AddSeconds(GetTimestamp());

    public override long GetTimestamp() => Interlocked.Increment(ref _seconds);

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        System.CreateTimer(callback, state, TimeSpan.FromMilliseconds(1), period);
}
