using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.AI;
using StepDistill.Teachers.Prices;

namespace StepDistill.Teachers.Requests;

/// <summary>Sends questions to a chat model: through a gate, and again where that helps.</summary>
/// <remarks>
/// Requests that fail for a while (no connection, a time-out, a reply cut short, 408, 409, 425, 5xx) are sent again after a
/// wait that doubles and varies by chance, or that the server names. "Too many" (429) slows all requests down and is never
/// one question's failure; an account without credit pauses all of them. Safe for use by several threads at once.
/// </remarks>
internal sealed class ChatRequests : IDisposable
{
    /// <summary>Questions that may fail before any has succeeded: then the server is not there, or not set up.</summary>
    private const int FailuresAtFirst = 3;

    /// <summary>Characters of a server's own message that are passed on.</summary>
    private const int MessageLength = 300;

    /// <summary>What servers say about an account without credit, with whatever status.</summary>
    private static readonly string[] NoCredit =
        ["insufficient_quota", "exceeded your current quota", "credit balance", "insufficient credit", "billing_hard_limit"];

    private const long Never = long.MinValue;

    private readonly Lazy<IChatClient> _client;
    private readonly string _server;
    private readonly ChatRetries _retries;
    private readonly ModelPrice? _price;
    private readonly Func<Exception, RequestFailure?> _explain;
    private readonly TimeProvider _time;
    private readonly Random _chance;
    private readonly TokenBound _bound = new();
    private readonly long _started;
    private long _succeeded = Never;
    private int _failures;

    /// <summary>Prepares; nothing is sent yet.</summary>
    /// <param name="server">What messages call the server.</param>
    /// <param name="connect">Makes the client at the first question; it is disposed with this object.</param>
    /// <param name="gate">What all requests pass; disposed with this object.</param>
    /// <param name="price">What tokens cost; null where not known.</param>
    /// <param name="retries">What to do about failed requests.</param>
    /// <param name="explain">Reads exceptions of the provider's own kind; null for others.</param>
    /// <param name="time">The clock.</param>
    public ChatRequests(
        string server, Func<IChatClient> connect, RequestGate gate, ModelPrice? price, ChatRetries retries,
        Func<Exception, RequestFailure?> explain, TimeProvider time)
    {
        (_server, _client, Gate, _price) = (server, new Lazy<IChatClient>(connect), gate, price);
        (_retries, _explain, _time, _chance) = (retries, explain, time, new Random(retries.Seed));
        _started = _time.GetTimestamp();
    }

    /// <summary>What all requests pass.</summary>
    public RequestGate Gate { get; }

    /// <summary>Sends a question until it is answered, or no further request would help.</summary>
    /// <param name="messages">The prompt.</param>
    /// <param name="options">What goes with it, its token limit included.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <exception cref="StepDistillException">No question can succeed, or the limit of dollars is reached.</exception>
    public async Task<RequestOutcome> SendAsync(
        IReadOnlyList<ChatMessage> messages, ChatOptions options, CancellationToken cancellation)
    {
        for (var attempt = 1; ;)
        {
            var (most, reply) = (_bound.Of(messages), options.MaxOutputTokens ?? 0);
            var dearest = _price?.Of(most, reply) ?? 0;
            var passage = await Gate.EnterAsync(most + reply, dearest, cancellation).ConfigureAwait(false);
            var started = _time.GetTimestamp();
            Verdict verdict;
            try
            {
                var response = await AskAsync(messages, options, cancellation).ConfigureAwait(false);
                return Succeed(passage, messages, response, _time.GetElapsedTime(started));
            }
            catch (Exception e) when (e is not StepDistillException && !cancellation.IsCancellationRequested)
            {
                verdict = Judge(e);
                passage.Close(verdict.TooMany ? PassageEnd.TooMany : PassageEnd.Failed, cost: verdict.MayBePaid ? dearest : null);
            }
            catch
            {
                passage.Close(PassageEnd.Failed, cost: dearest);        // given up under way: it may have been answered
                throw;
            }

            if (verdict.OutOfCredit)
            {
                StopIfOutOfPatience(verdict.Fault);
                Gate.Pause($"{_server} says that the account has no credit; trying again every {_retries.CreditWait.TotalSeconds:0} s", _retries.CreditWait);
            }
            else if (verdict.TooMany)
            {
                StopIfOutOfPatience(verdict.Fault);
                await WaitForRoomAsync(verdict.RetryAfter, cancellation).ConfigureAwait(false);
            }
            else if (!verdict.Passing || attempt++ >= _retries.Attempts)
            {
                StopIfHopeless(verdict.Fault);
                return new RequestOutcome(null, verdict.Fault, _time.GetElapsedTime(started), _time.GetUtcNow(), null) { IsRefused = !verdict.Passing };
            }
            else
            {
                await Task.Delay(Wait(attempt - 1, verdict.RetryAfter), _time, cancellation).ConfigureAwait(false);
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Gate.Dispose();
        if (_client.IsValueCreated)
        {
            _client.Value.Dispose();
        }
    }

    private async Task<ChatResponse> AskAsync(IReadOnlyList<ChatMessage> messages, ChatOptions options, CancellationToken cancellation)
    {
        using var limit = new CancellationTokenSource(_retries.Timeout, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellation);
        try
        {
            return await _client.Value.GetResponseAsync(messages, options, either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException e) when (!cancellation.IsCancellationRequested)
        {
            throw new TimeoutException($"no answer came within {_retries.Timeout.TotalSeconds:0} seconds", e);
        }
    }

    private RequestOutcome Succeed(Passage passage, IReadOnlyList<ChatMessage> messages, ChatResponse response, TimeSpan latency)
    {
        Volatile.Write(ref _succeeded, _time.GetTimestamp());
        Interlocked.Exchange(ref _failures, 0);
        var (input, output) = (response.Usage?.InputTokenCount, response.Usage?.OutputTokenCount);
        if (input is { } counted)
        {
            _bound.Learn(messages, counted);
        }

        // A reply whose tokens nobody counted may have cost as much as it could; what it cost is then not known.
        var cost = _price?.Of(response.Usage);
        passage.Close(PassageEnd.Answered, input + output, cost ?? passage.Cost);
        return new RequestOutcome(response, null, latency, _time.GetUtcNow(), cost);
    }

    /// <summary>What a failed request means.</summary>
    /// <param name="Fault">What to write down.</param>
    /// <param name="Passing">Whether another try may help.</param>
    /// <param name="RetryAfter">How long the server asks to wait.</param>
    private sealed record Verdict(string Fault, bool Passing, TimeSpan? RetryAfter)
    {
        /// <summary>Whether the server has too much to do for now.</summary>
        public bool TooMany { get; init; }

        /// <summary>Whether the account has no credit.</summary>
        public bool OutOfCredit { get; init; }

        /// <summary>Whether the server may have answered, and asks to be paid, although no answer came.</summary>
        public bool MayBePaid { get; init; }
    }

    private Verdict Judge(Exception e)
    {
        var failure = _explain(e) ?? (e is HttpRequestException { StatusCode: { } code } ? new RequestFailure((int)code) : null);
        if (failure?.Status is 402 || (failure?.Status is 400 or 403 or 429 && Array.Exists(NoCredit, e.Message.Contains)))
        {
            return new($"The account has no credit ({failure.Status}).", true, null) { OutOfCredit = true };
        }

        return failure?.Status switch
        {
            // The server's own text may repeat the key, and so may an inner exception: neither is passed on.
            401 or 403 => throw new StepDistillException(
                $"{_server} refuses the credential ({failure.Status}), so no question can succeed. Check that the environment "
                + "variable that teacher.key_variable names holds a valid key that may use this model. "
                + "Answers that have arrived are stored."),
            404 => throw new StepDistillException(
                $"{_server} does not know the model or the address (404), so no question can succeed. Check teacher.model and "
                + $"teacher.endpoint; the server says: {Shortened(e.Message)}"),
            429 => new($"The server answered 429: {Shortened(e.Message)}", true, failure.RetryAfter) { TooMany = true },
            408 or 409 or 425 or >= 500 => new($"The server answered {failure.Status}: {Shortened(e.Message)}", true, failure.RetryAfter),
            { } status and >= 400 => new($"The server refused the question ({status}): {Shortened(e.Message)}", false, null),
            _ => new($"The request failed: {Shortened(e.Message)}", true, failure?.RetryAfter) { MayBePaid = HasLeft(e) },
        };
    }

    /// <summary>Whether the request can have reached the server: not where there was no connection at all.</summary>
    private static bool HasLeft(Exception? e) => e is not null && (e is HttpRequestException http
        ? http.HttpRequestError is not (HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError or HttpRequestError.SecureConnectionError)
        : e.InnerException is null || HasLeft(e.InnerException));

    private void StopIfOutOfPatience(string fault)
    {
        var last = Volatile.Read(ref _succeeded);
        if (_time.GetElapsedTime(last == Never ? _started : last) > _retries.Patience)
        {
            throw new StepDistillException(
                $"{_server} has answered no question for {_retries.Patience.TotalHours:0.#} hours. {fault} "
                + "Answers that have arrived are stored; run the same command again to go on.");
        }
    }

    /// <summary>Ends the run where question after question fails, rather than to fail them all.</summary>
    private void StopIfHopeless(string fault)
    {
        var failures = Interlocked.Increment(ref _failures);
        var answered = Volatile.Read(ref _succeeded) != Never;
        if (failures >= (answered ? _retries.FailuresInARow : Math.Min(FailuresAtFirst, _retries.FailuresInARow)))
        {
            throw new StepDistillException(
                $"The {(answered ? "last" : "first")} {failures} questions to {_server} all failed. {fault} Check that the server "
                + "runs and that teacher.endpoint and teacher.model are right, then run the same command again: answers that "
                + "have arrived are stored.");
        }
    }

    /// <summary>Where the server names a time, nothing is sent before it; otherwise this question waits, and fewer go at once.</summary>
    private async Task WaitForRoomAsync(TimeSpan? asked, CancellationToken cancellation)
    {
        if (asked is { } wait)
        {
            Gate.Hold(wait < RateNotice.LongestWait ? wait : RateNotice.LongestWait);
        }
        else
        {
            await Task.Delay(Wait(1, null), _time, cancellation).ConfigureAwait(false);
        }
    }

    [SuppressMessage("Security", "CA5394", Justification = "Spreads waits; nothing secret hangs on it.")]
    private TimeSpan Wait(int attempt, TimeSpan? asked)
    {
        double share;
        lock (_chance)
        {
            share = 1 - (_chance.NextDouble() / 2);
        }

        var wait = _retries.FirstWait * Math.Pow(2, attempt - 1) * share;
        wait = wait < _retries.LongestWait ? wait : _retries.LongestWait;
        return asked > wait ? (asked < RateNotice.LongestWait ? asked.Value : RateNotice.LongestWait) : wait;
    }

    /// <summary>A message of the server's, made fit for one line.</summary>
    public static string Shortened(string message)
    {
        var line = message.ReplaceLineEndings(" ").Trim();
        return (line.Length > MessageLength ? line[..MessageLength] + "…" : line).TrimEnd('.') + ".";
    }
}
