using System.Diagnostics.CodeAnalysis;
using StepDistill.Teachers.Requests;

namespace StepDistill.Teachers.BatchJobs;

/// <summary>Calls the service again where a call fails for a while, and says what failures mean.</summary>
/// <param name="server">What messages call the server.</param>
/// <param name="retries">How often, and after which waits.</param>
/// <param name="explain">Reads exceptions of the client's own kind; null for others.</param>
/// <param name="time">The clock.</param>
internal sealed class BatchCalls(string server, ChatRetries retries, Func<Exception, RequestFailure?> explain, TimeProvider time)
{
    private readonly Random _chance = new(retries.Seed);

    /// <summary>Why a call failed.</summary>
    /// <param name="Status">The HTTP status; null where no reply came.</param>
    /// <param name="Fault">In a sentence.</param>
    /// <param name="RetryAfter">How long the server asks to wait; null where it does not say.</param>
    public sealed record Failure(int? Status, string Fault, TimeSpan? RetryAfter)
    {
        /// <summary>Whether another try may help.</summary>
        public bool IsPassing => Status is null or 408 or 409 or 425 or 429 or >= 500;

        /// <summary>Whether the server may have done all the same what it was asked to do.</summary>
        public bool IsDoubtful => Status is null or 408 or 409 or >= 500;
    }

    /// <summary>Makes a call that may be made twice.</summary>
    /// <param name="call">The call.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <exception cref="StepDistillException">The server refuses it, or has failed as often as the settings allow.</exception>
    public async Task<T> RepeatAsync<T>(Func<CancellationToken, Task<T>> call, CancellationToken cancellation)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await call(cancellation).ConfigureAwait(false);
            }
            catch (Exception e) when (e is not StepDistillException && !cancellation.IsCancellationRequested)
            {
                var failure = Judge(e);
                if (!failure.IsPassing || attempt >= retries.Attempts)
                {
                    throw Hopeless(failure, e);
                }

                await WaitAsync(attempt, failure.RetryAfter, cancellation).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Reads a failure.</summary>
    public Failure Judge(Exception e)
    {
        var known = explain(e) ?? (e is HttpRequestException { StatusCode: { } code } ? new RequestFailure((int)code) : null);
        var said = ChatRequests.Shortened(e.Message);
        return new Failure(known?.Status, known?.Status is { } status ? $"It answered {status}: {said}" : $"The call failed: {said}", known?.RetryAfter);
    }

    /// <summary>What the user is told where no further try helps.</summary>
    public StepDistillException Hopeless(Failure failure, Exception cause) => failure.Status switch
    {
        // The server's own text may repeat the key, and so may an inner exception: neither is passed on.
        401 or 403 => new StepDistillException(
            $"{server} refuses the credential ({failure.Status}). Check that the environment variable that teacher.key_variable names "
            + "holds a valid key that may use files and batches. Batches that were submitted are not touched."),
        404 => new StepDistillException(
            $"{server} does not know what it was asked for (404). {failure.Fault} Either it has no batch interface (then leave out "
            + "--batch), or the batches were submitted with another account's key.", cause),
        _ when failure.IsPassing => new ServiceAwayException(
            $"{server} cannot be used for batches at the moment. {failure.Fault} Batches that were submitted are not touched; "
            + "run the same command again to go on.", cause),
        _ => new StepDistillException(
            $"{server} refuses what it was asked for. {failure.Fault} Batches that were submitted are not touched.", cause),
    };

    /// <summary>Waits before another try, longer each time.</summary>
    [SuppressMessage("Security", "CA5394", Justification = "Spreads waits; nothing secret hangs on it.")]
    public Task WaitAsync(int attempt, TimeSpan? asked, CancellationToken cancellation)
    {
        var wait = retries.FirstWait * Math.Pow(2, attempt - 1) * (1 - (_chance.NextDouble() / 2));
        wait = wait < retries.LongestWait ? wait : retries.LongestWait;
        wait = asked > wait ? (asked < RateNotice.LongestWait ? asked.Value : RateNotice.LongestWait) : wait;
        return Task.Delay(wait, time, cancellation);
    }
}
