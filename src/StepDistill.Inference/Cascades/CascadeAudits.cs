using System.Threading.Channels;
using Microsoft.Extensions.AI;
using StepDistill.Files;

namespace StepDistill.Inference.Cascades;

/// <summary>Asks the large model about a share of what the student has answered, one call at a time, and compares.</summary>
internal sealed class CascadeAudits : IAsyncDisposable
{
    private readonly StudentFirstOptions _options;
    private readonly Func<Audit, CancellationToken, Task> _compare;
    private readonly CascadeCounter _counter;
    private readonly CancellationTokenSource _stop = new();
    private readonly Channel<Audit> _audits;
    private readonly Task _asking;

    /// <param name="options">How many, and which.</param>
    /// <param name="counter">Told what was left out.</param>
    /// <param name="compare">Asks and compares. What it throws is counted.</param>
    public CascadeAudits(StudentFirstOptions options, CascadeCounter counter, Func<Audit, CancellationToken, Task> compare)
    {
        (_options, _counter, _compare) = (options, counter, compare);
        _audits = Channel.CreateBounded<Audit>(new BoundedChannelOptions(options.AuditCapacity) { SingleReader = true });
        _asking = Task.Run(AskAsync);
    }

    /// <summary>An answer of the student's, and the call that it was given to.</summary>
    public sealed record Audit(StudentQuestion Question, StudentAnswer Answer, IReadOnlyList<ChatMessage> Messages, ChatOptions? Options);

    /// <summary>Whether an input is one of the share.</summary>
    public bool Concerns(string input) =>
        _options.AuditShare > 0 && ContentHash.Share("cascade audit", _options.AuditSeed.ToString(System.Globalization.CultureInfo.InvariantCulture), input) < _options.AuditShare;

    /// <summary>Hands an answer over; never waits.</summary>
    public void Offer(Audit audit)
    {
        if (!_audits.Writer.TryWrite(audit))
        {
            _counter.Add(counts => counts with { AuditsLeftOut = counts.AuditsLeftOut + 1 });
        }
    }

    /// <summary>Finishes what waits, for as long as <see cref="StudentFirstOptions.Drain"/> allows, and then gives up.</summary>
    public async ValueTask DisposeAsync()
    {
        _audits.Writer.TryComplete();
        try
        {
            await _asking.WaitAsync(_options.Drain, _options.Time).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            await _stop.CancelAsync().ConfigureAwait(false);
        }

        _ = _asking.ContinueWith(_ => _stop.Dispose(), TaskScheduler.Default);
    }

    private async Task AskAsync()
    {
        await foreach (var audit in _audits.Reader.ReadAllAsync().ConfigureAwait(false))
        {
            try
            {
                _stop.Token.ThrowIfCancellationRequested();
                await _compare(audit, _stop.Token).ConfigureAwait(false);
            }
            catch (Exception e)
            {
                _counter.Add(counts => counts with { AuditsLeftOut = counts.AuditsLeftOut + 1, Fault = e.Message });
            }
        }
    }
}
