using System.Globalization;
using StepDistill.Files;

namespace StepDistill.Teachers.BatchJobs;

/// <summary>Brings batches to the service, so that none is there twice and none is there unknown to us.</summary>
/// <remarks>
/// What is about to happen is written down first: the questions with a tag before anything is sent, and that the service is
/// asked before it is. Where no reply says whether it has accepted the batch, its list is searched for the tag; only once the
/// batch would have to be in the list and is not, the service is asked again. All of it goes on in a later process.
/// </remarks>
internal sealed class BatchSubmission(
    IBatchService service, BatchLedger ledger, BatchCalls calls, BatchRunSettings settings, TimeProvider time)
{
    /// <summary>How far the two clocks may be apart where the list is searched only as far back as needed.</summary>
    private static readonly TimeSpan Skew = TimeSpan.FromDays(1);

    /// <summary>Finishes what an earlier process began.</summary>
    /// <param name="cancellation">Stops; what is not finished stays written down.</param>
    public async Task SettleAsync(CancellationToken cancellation)
    {
        foreach (var batch in ledger.OpenBatches(settings.Server).Where(batch => batch.Id is null))
        {
            if (batch.InputFile is { } file)
            {
                await AcceptAsync(batch.Number, batch.Tag, file, batch.Asked, cancellation).ConfigureAwait(false);
            }
            else
            {
                ledger.Drop(batch.Number);      // never uploaded, so never accepted
            }
        }
    }

    /// <summary>Submits a batch.</summary>
    /// <param name="input">Its requests.</param>
    /// <param name="cancellation">Stops; the batch is then forgotten, or settled by the next process.</param>
    public async Task SubmitAsync(BatchInput input, CancellationToken cancellation)
    {
        input.Complete();
        var made = time.GetUtcNow();
        // Unlike any other: the same questions may go a second time where the first batch expired.
        var tag = ContentHash.Of(
        [
            settings.Server, ledger.NextNumber.ToString(CultureInfo.InvariantCulture), made.ToString("O", CultureInfo.InvariantCulture),
            .. input.Keys,
        ])[..32];
        var number = ledger.Make(tag, settings.Server, input.Keys, input.Tokens, made);
        string file;
        try
        {
            file = await calls.RepeatAsync(
                stop => service.UploadAsync(input.Path, $"stepdistill-{tag}.jsonl", stop), cancellation).ConfigureAwait(false);
        }
        catch
        {
            ledger.Drop(number);
            throw;
        }

        ledger.Uploaded(number, file);
        await AcceptAsync(number, tag, file, asked: null, cancellation).ConfigureAwait(false);
    }

    private async Task AcceptAsync(long number, string tag, string file, DateTimeOffset? asked, CancellationToken cancellation)
    {
        for (var attempt = 1; ; attempt++)
        {
            if (asked is { } before && await SearchAsync(tag, before, cancellation).ConfigureAwait(false) is { } found)
            {
                ledger.Heard(number, found);
                return;
            }

            asked = time.GetUtcNow();
            ledger.Asking(number, asked.Value);
            BatchCalls.Failure failure;
            Exception cause;
            try
            {
                ledger.Heard(number, await service.CreateAsync(file, tag, cancellation).ConfigureAwait(false));
                return;
            }
            catch (Exception e) when (e is not StepDistillException && !cancellation.IsCancellationRequested)
            {
                (failure, cause) = (calls.Judge(e), e);
            }

            if (!failure.IsPassing)
            {
                ledger.Drop(number);
                throw calls.Hopeless(failure, cause);
            }

            if (attempt >= settings.Retries.Attempts)
            {
                throw calls.Hopeless(failure, cause);
            }

            if (!failure.IsDoubtful)
            {
                asked = null;       // the server says that it has done nothing
            }

            await calls.WaitAsync(attempt, failure.RetryAfter, cancellation).ConfigureAwait(false);
        }
    }

    /// <summary>Looks for a batch in the service's list, until it would have to be there.</summary>
    private async Task<BatchJob?> SearchAsync(string tag, DateTimeOffset asked, CancellationToken cancellation)
    {
        while (true)
        {
            var isSettled = time.GetUtcNow() - asked >= settings.Settling;
            var found = await calls.RepeatAsync(stop => SearchOnceAsync(tag, asked, stop), cancellation).ConfigureAwait(false);
            if (found is not null || isSettled)
            {
                return found;
            }

            await Task.Delay(settings.Settling / 4, time, cancellation).ConfigureAwait(false);
        }
    }

    private async Task<BatchJob?> SearchOnceAsync(string tag, DateTimeOffset asked, CancellationToken cancellation)
    {
        await foreach (var job in service.ListAsync(cancellation).ConfigureAwait(false))
        {
            if (job.Tag == tag)
            {
                return job;
            }

            if (job.Created < asked - Skew)
            {
                break;
            }
        }

        return null;
    }
}
