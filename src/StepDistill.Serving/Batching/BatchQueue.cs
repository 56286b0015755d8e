using StepDistill.Inference;

namespace StepDistill.Serving.Batching;

/// <summary>Computes one batch.</summary>
/// <param name="student">Who is asked.</param>
/// <param name="questions">What; the answers come in this order.</param>
/// <param name="cancellation">Gives the batch up.</param>
internal delegate IReadOnlyList<StudentAnswer> ComputeBatch(
    IStudentClassifier student, IReadOnlyList<StudentQuestion> questions, CancellationToken cancellation);

/// <summary>Joins the questions of many requests into batches, and refuses those that would have to wait too long.</summary>
/// <remarks>
/// A worker with nothing to do begins at once with what is there. Only one that has just computed several rows together waits for as many
/// again, and no longer than <see cref="BatchLimits.MaxWait"/>. Which rows go together: <see cref="BatchChoice"/>. Workers are
/// threads of their own, since computing is synchronous; answers continue on the thread pool.
/// </remarks>
internal sealed partial class BatchQueue : IAsyncDisposable
{
    private static readonly TimeSpan SweepEvery = TimeSpan.FromMilliseconds(100);

    private readonly object _gate = new();
    private readonly LinkedList<QueuedRow> _waiting = [];
    private readonly BatchLimits _limits;
    private readonly ComputeBatch _compute;
    private readonly QueueMeters _meters;
    private readonly TimeProvider _clock;
    private readonly TokenEstimate _estimate = new();
    private readonly QueueRate _rate = new();
    private readonly Returns _returns;
    private readonly CancellationTokenSource _giveUp = new();
    private readonly ITimer _sweep;
    private readonly Task _workers;
    private long _waitingTokens;
    private long _computingTokens;
    private int _wakeAt = int.MaxValue;     // how many rows a resting worker wants to be woken for
    private bool _stopping;

    /// <summary>Creates a queue, and starts its workers.</summary>
    /// <param name="limits">How large, how long.</param>
    /// <param name="compute">Computes a batch; called on the workers' threads.</param>
    /// <param name="meters">Told what happens.</param>
    /// <param name="clock">The time.</param>
    public BatchQueue(BatchLimits limits, ComputeBatch compute, QueueMeters meters, TimeProvider clock)
    {
        (_limits, _compute, _meters, _clock) = (limits, compute, meters, clock);
        _returns = new Returns(clock);
        _sweep = clock.CreateTimer(_ => Sweep(), null, SweepEvery, SweepEvery);
        _workers = Task.WhenAll(Enumerable.Range(0, limits.Workers).Select(_ => Task.Factory.StartNew(
            Work, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default)));
        meters.Watch(() => State);
    }

    /// <summary>Rows and tokens that wait, and tokens a second of all workers together where they are known.</summary>
    public (int Rows, long Tokens, double? TokensPerSecond) State
    {
        get
        {
            lock (_gate)
            {
                return (_waiting.Count, _waitingTokens, _rate.TokensPerSecond * _limits.Workers);
            }
        }
    }

    /// <summary>Whether a worker has ended by a fault of ours, so that questions may wait for ever.</summary>
    public bool IsBroken { get; private set; }

    /// <summary>Asks; ends when every question has its answer, or the first failed and no other is being computed.</summary>
    /// <param name="student">Who is asked. The caller keeps it alive until the task ends.</param>
    /// <param name="questions">What is asked; all of them are accepted, or none.</param>
    /// <param name="patience">How long they may wait; null for the queue's own deadline, which is also the longest.</param>
    /// <param name="cancellation">Takes those that wait out of the queue.</param>
    /// <exception cref="RefusedException">Too much is waiting, or the queue stops.</exception>
    public async Task<IReadOnlyList<StudentAnswer>> AskAsync(
        IStudentClassifier student, IReadOnlyList<StudentQuestion> questions, TimeSpan? patience, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        if (questions.Count == 0)
        {
            return [];
        }

        var most = student.Description.MaxInputTokens;
        var now = _clock.GetTimestamp();
        var waits = patience is { } asked && asked < _limits.Deadline ? asked : _limits.Deadline;
        var group = new RowGroup(
            student, questions, input => _estimate.Of(input, most), now, now + (long)(waits.TotalSeconds * _clock.TimestampFrequency));
        Accept(group);
        using var withdrawal = cancellation.UnsafeRegister(_ => Withdraw(group, new OperationCanceledException(cancellation)), null);
        return await group.Task.ConfigureAwait(false);
    }

    /// <summary>Forgets how fast batches were, as when another student answers from now on.</summary>
    public void ForgetRate()
    {
        lock (_gate)
        {
            _rate.Forget();
        }
    }

    /// <summary>Accepts nothing more, computes what was accepted, and ends.</summary>
    /// <param name="limit">After this long, what still waits is refused and what is being computed is given up.</param>
    public async Task StopAsync(TimeSpan limit)
    {
        lock (_gate)
        {
            _stopping = true;
            Monitor.PulseAll(_gate);
        }

        try
        {
            await _workers.WaitAsync(limit, _clock).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            await _giveUp.CancelAsync().ConfigureAwait(false);
            lock (_gate)
            {
                foreach (var row in _waiting.ToList())
                {
                    Refuse(row, Refusal.Stopping);
                }

                Monitor.PulseAll(_gate);
            }
        }
    }

    /// <summary>Stops at once.</summary>
    public async ValueTask DisposeAsync()
    {
        await StopAsync(TimeSpan.Zero).ConfigureAwait(false);
        await _sweep.DisposeAsync().ConfigureAwait(false);
    }

    private void Work()
    {
        using var worker = new Pace(_clock, _limits, Wake);
        try
        {
            while (Take(worker) is { } batch)
            {
                Compute(batch, worker);
            }
        }
        catch
        {
            IsBroken = true;        // a fault of ours: better said by /healthz than by silence
            throw;
        }
    }

    /// <summary>Waits for a batch, and takes it out of the queue; null when the queue has stopped and is empty.</summary>
    private List<QueuedRow>? Take(Pace worker)
    {
        lock (_gate)
        {
            while (true)
            {
                DropExpired();
                if (_waiting.Count == 0)
                {
                    if (_stopping)
                    {
                        return null;
                    }

                    Rest(1);
                }
                else if (!_stopping && worker.WaitFor(_waiting.Count) is { } rows)
                {
                    Rest(rows);
                }
                else
                {
                    return TakeOut(BatchChoice.Choose(_waiting, LimitsNow()));
                }
            }
        }
    }

    /// <summary>
    /// A batch takes half of the latency limit at most. While a longer one was computed, every question would have to be refused, and
    /// the worker would find an empty queue after it.
    /// </summary>
    private BatchLimits LimitsNow() => _rate.TokensPerSecond is { } rate && rate * _limits.LatencyLimit.TotalSeconds / 2 < _limits.MaxTokens
        ? _limits with { MaxTokens = Math.Max(1, (int)(rate * _limits.LatencyLimit.TotalSeconds / 2)) }
        : _limits;

    private List<QueuedRow> TakeOut(List<QueuedRow> batch)
    {
        foreach (var row in batch)
        {
            Leave(row);
            _computingTokens += row.Tokens;
        }

        return batch;
    }

    private void Rest(int rows)
    {
        _wakeAt = Math.Min(_wakeAt, rows);
        Monitor.Wait(_gate);
    }

    private void Wake()
    {
        lock (_gate)
        {
            _wakeAt = int.MaxValue;
            Monitor.PulseAll(_gate);
        }
    }

    /// <summary>Takes a request's rows that still wait out of the queue.</summary>
    private void Withdraw(RowGroup group, Exception reason)
    {
        lock (_gate)
        {
            foreach (var row in group.Rows)
            {
                if (row.Node is not null)
                {
                    Leave(row);
                    group.Fail(reason);
                    _meters.Withdrawn(1);
                }
            }
        }
    }

    private void Sweep()
    {
        lock (_gate)
        {
            DropExpired();
        }
    }

    private void DropExpired()
    {
        var now = _clock.GetTimestamp();
        for (var node = _waiting.First; node is not null;)
        {
            var (row, next) = (node.Value, node.Next);
            if (row.Group.Deadline <= now)
            {
                Refuse(row, Refusal.Expired);
            }

            node = next;
        }
    }

    private void Refuse(QueuedRow row, Refusal reason)
    {
        Leave(row);
        row.Group.Fail(new RefusedException(reason, TimeSpan.FromSeconds(1)));
        _meters.Refused(reason, 1);
    }

    private void Leave(QueuedRow row)
    {
        _waiting.Remove(row.Node!);
        row.Node = null;
        _waitingTokens -= row.Tokens;
    }
}
