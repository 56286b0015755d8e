namespace StepDistill.Tests.Hub;

/// <summary>Waits of up to a minute take milliseconds; patience with a silent connection, which is longer, stays as it is.</summary>
internal sealed class HurriedClock : TimeProvider
{
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        base.CreateTimer(callback, state, dueTime <= TimeSpan.FromSeconds(60) ? dueTime / 1000 : dueTime, period);
}
