namespace StepDistill.Serving.Batching;

/// <content>What is accepted, and what is refused.</content>
internal sealed partial class BatchQueue
{
    private void Accept(RowGroup group)
    {
        lock (_gate)
        {
            if (WhyNot(group) is { } refused)
            {
                _meters.Refused(refused.Reason, group.Rows.Length);
                throw refused;
            }

            foreach (var row in group.Rows)
            {
                row.Node = _waiting.AddLast(row);
                _waitingTokens += row.Tokens;
            }

            if (_waiting.Count >= _wakeAt)
            {
                _wakeAt = int.MaxValue;
                Monitor.PulseAll(_gate);
            }
        }
    }

    private RefusedException? WhyNot(RowGroup group)
    {
        if (_stopping)
        {
            return new(Refusal.Stopping, TimeSpan.FromSeconds(1));
        }

        // What is being computed counts as if it had just begun: too careful by half a batch, and never too hopeful.
        var speed = _rate.TokensPerSecond * _limits.Workers;
        var wait = TimeSpan.FromSeconds(speed is null ? 0 : (_waitingTokens + _computingTokens) / speed.Value);
        var tooMany = _waiting.Count + group.Rows.Length - _limits.Capacity;
        if (tooMany > 0 && _waiting.Count > 0)
        {
            var share = Math.Min(1, (double)tooMany / _waiting.Count);
            return new(Refusal.Full, speed is null ? TimeSpan.FromSeconds(1) : _returns.Next(share * wait, Time(group, speed.Value)));
        }

        return wait > _limits.LatencyLimit ? new(Refusal.TooSlow, _returns.Next(wait - _limits.LatencyLimit, Time(group, speed!.Value))) : null;
    }

    private static TimeSpan Time(RowGroup group, double speed) => TimeSpan.FromSeconds(group.Rows.Sum(row => row.Tokens) / speed);
}
