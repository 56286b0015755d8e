namespace StepDistill.Teachers.Requests;

/// <summary>Lets requests pass, in order, as the server and the user allow: so many a minute, so many at once, so many dollars.</summary>
/// <remarks>
/// <para>In any minute that the server can look at, it sees no more than its limits. A request may reach it at any moment
/// between being sent and being answered, so a request counts from when it is sent until a minute after its answer.</para>
/// <para>While a request is under way, its upper bounds of tokens and dollars count; afterwards what it truly took. So a
/// limit holds whatever the replies turn out to be.</para>
/// <para>Where a server answers "too many" without saying how long to wait, half as many go at once, and one more for
/// every round that succeeds (Chiu and Jain 1989, as TCP does it).</para>
/// <para>Safe for use by several threads at once.</para>
/// </remarks>
/// <param name="given">What the user says that a minute allows.</param>
/// <param name="maxCost">Dollars that may be spent in all; null for no such limit.</param>
/// <param name="time">The clock; the system's where missing.</param>
public sealed class RequestGate(RateLimits? given = null, decimal? maxCost = null, TimeProvider? time = null) : IDisposable
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    private readonly TimeProvider _time = time ?? TimeProvider.System;
    private readonly Lock _lock = new();
    private readonly LinkedList<Waiter> _waiting = new();
    private readonly Queue<(long Until, long Tokens)> _answered = [];       // within the last minute
    private RateLimits _limits = given ?? RateLimits.None;
    private ITimer? _alarm;
    private long _alarmAt = long.MaxValue;
    private long _heldUntil = long.MinValue;
    private long _slowedAt = long.MinValue;
    private double _atOnce = double.PositiveInfinity;
    private long _underWay, _tokensUnderWay, _tokensAnswered;
    private decimal _spent, _reserved;
    private bool _disposed;

    /// <summary>Why nothing is sent at the moment, such as exhausted credit; null while requests pass.</summary>
    public string? Paused { get; private set; }

    /// <summary>Dollars spent so far; replies that were lost on their way count as dear as they can have been.</summary>
    public decimal Spent
    {
        get
        {
            lock (_lock)
            {
                return _spent;
            }
        }
    }

    /// <summary>Waits until a request may be sent.</summary>
    /// <param name="tokens">The most tokens that prompt and reply can have.</param>
    /// <param name="cost">The most dollars that it can cost.</param>
    /// <param name="cancellation">Leaves the queue.</param>
    /// <returns>To be closed when the request has ended, however it did.</returns>
    /// <exception cref="CostLimitException">The request could pass the limit of dollars.</exception>
    public Task<Passage> EnterAsync(long tokens, decimal cost, CancellationToken cancellation = default)
    {
        var waiter = new Waiter(tokens, cost);
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            waiter.Node = _waiting.AddLast(waiter);
            waiter.Leaving = cancellation.UnsafeRegister((_, token) => GiveUp(waiter, token), null);
            LetPass();
        }

        return waiter.Done.Task;
    }

    /// <summary>Takes to heart what a reply's headers say.</summary>
    /// <param name="notice">Limits and waits.</param>
    public void Hear(RateNotice notice)
    {
        lock (_lock)
        {
            // The server's newest word replaces its older one; the user's own limits stay.
            _limits = (given ?? RateLimits.None).And(notice.Limits.And(Unsaid(notice.Limits)));
            if (notice.Wait is { } wait)
            {
                _heldUntil = Math.Max(_heldUntil, After(wait));
            }

            LetPass();
        }
    }

    /// <summary>Sends nothing for a while.</summary>
    /// <param name="wait">How long.</param>
    public void Hold(TimeSpan wait) => Hear(new RateNotice(RateLimits.None, wait));

    /// <summary>Sends nothing for a while, then one request to see whether the cause has gone.</summary>
    /// <param name="cause">What the user is told.</param>
    /// <param name="wait">How long.</param>
    public void Pause(string cause, TimeSpan wait)
    {
        lock (_lock)
        {
            (Paused, _atOnce) = (cause, 1);
        }

        Hold(wait);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_lock)
        {
            _disposed = true;
            _alarm?.Dispose();
            foreach (var waiter in _waiting)
            {
                waiter.Done.TrySetException(new ObjectDisposedException(nameof(RequestGate)));
            }

            _waiting.Clear();
        }
    }

    internal void Leave(Passage passage, PassageEnd end, long? tokens, decimal? cost)
    {
        lock (_lock)
        {
            var used = tokens ?? passage.Tokens;
            _underWay--;
            _tokensUnderWay -= passage.Tokens;
            _answered.Enqueue((After(Minute), used));
            _tokensAnswered += used;
            _reserved -= passage.Cost;
            _spent += cost ?? 0;
            switch (end)
            {
                case PassageEnd.Answered:
                    _atOnce = Paused is null ? _atOnce + (1 / _atOnce) : double.PositiveInfinity;
                    Paused = null;
                    break;
                case PassageEnd.TooMany when passage.Entered > _slowedAt:      // those sent before have been answered for
                    _atOnce = Math.Max(1, Math.Floor((Math.Min(_atOnce, _underWay + 1)) / 2));
                    _slowedAt = _time.GetTimestamp();
                    break;
            }

            LetPass();
        }
    }

    private void GiveUp(Waiter waiter, CancellationToken cancellation)
    {
        lock (_lock)
        {
            if (waiter.Node.List is not null)
            {
                _waiting.Remove(waiter.Node);
                waiter.Done.TrySetCanceled(cancellation);
                LetPass();
            }
        }
    }

    /// <summary>What the server has said before about what it does not mention now.</summary>
    private RateLimits Unsaid(RateLimits said) =>
        new(said.Requests is null ? _limits.Requests : null, said.Tokens is null ? _limits.Tokens : null);

    private void LetPass()
    {
        var now = _time.GetTimestamp();
        while (_answered.TryPeek(out var first) && first.Until <= now)
        {
            _tokensAnswered -= _answered.Dequeue().Tokens;
        }

        while (_waiting.First is { Value: var waiter })
        {
            if (now < _heldUntil)
            {
                SetAlarm(_heldUntil, now);
                return;
            }

            if (_underWay >= _atOnce)
            {
                return;
            }

            if (!FitsMinute(waiter))
            {
                if (_answered.TryPeek(out var oldest))
                {
                    SetAlarm(oldest.Until, now);
                }

                return;
            }

            if (_spent + _reserved + waiter.Cost > maxCost)
            {
                if (_underWay > 0)
                {
                    return;     // those under way may cost less than they could
                }

                TakeFirst().TrySetException(new CostLimitException(
                    FormattableString.Invariant($"The next question could cost up to ${waiter.Cost:0.######}, and of the ${maxCost:0.######} allowed ")
                    + FormattableString.Invariant($"${_spent:0.######} are spent: it was not asked. Answers that have arrived are stored; allow more with --max-cost to go on.")));
                continue;
            }

            _underWay++;
            _tokensUnderWay += waiter.Tokens;
            _reserved += waiter.Cost;
            TakeFirst().TrySetResult(new Passage(this, waiter.Tokens, waiter.Cost, now));
        }
    }

    private TaskCompletionSource<Passage> TakeFirst()
    {
        var waiter = _waiting.First!.Value;
        _waiting.RemoveFirst();
        waiter.Leaving.Unregister();
        return waiter.Done;
    }

    /// <summary>A request that no minute has room for goes when nothing else does: the server has the last word on it.</summary>
    private bool FitsMinute(Waiter waiter) =>
        _underWay + _answered.Count == 0
        || (!(_underWay + _answered.Count >= _limits.Requests)
            && !(_tokensUnderWay + _tokensAnswered + waiter.Tokens > _limits.Tokens));

    private long After(TimeSpan wait) =>
        _time.GetTimestamp() + (long)Math.Ceiling(wait.TotalSeconds * _time.TimestampFrequency);

    private void SetAlarm(long at, long now)
    {
        if (at == _alarmAt)
        {
            return;
        }

        _alarmAt = at;
        // A tick more than needed, for the timer may be a little early by the clock that counts.
        var wait = TimeSpan.FromSeconds((double)(at - now) / _time.TimestampFrequency) + TimeSpan.FromMilliseconds(1);
        _alarm ??= _time.CreateTimer(_ => Ring(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _alarm.Change(wait, Timeout.InfiniteTimeSpan);
    }

    private void Ring()
    {
        lock (_lock)
        {
            if (!_disposed)
            {
                _alarmAt = long.MaxValue;
                LetPass();
            }
        }
    }

    private sealed class Waiter(long tokens, decimal cost)
    {
        public long Tokens => tokens;

        public decimal Cost => cost;

        public TaskCompletionSource<Passage> Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public LinkedListNode<Waiter> Node { get; set; } = null!;

        public CancellationTokenRegistration Leaving { get; set; }
    }
}
