namespace StepDistill.Teachers.BatchJobs;

/// <summary>Fetches the answers of batches that have ended.</summary>
internal sealed class BatchInbox(IBatchService service, BatchLedger ledger, BatchCalls calls, BatchRunSettings settings, TimeProvider time)
{
    /// <summary>The most bytes of one answer: far more than any model writes.</summary>
    private const int LongestLine = 16 * 1024 * 1024;

    /// <summary>Answers kept in one transaction.</summary>
    private const int Together = 500;

    /// <summary>What came.</summary>
    /// <param name="Answered">Questions that were answered, well or not.</param>
    /// <param name="Unasked">Questions that the service never came to.</param>
    /// <param name="Lost">Questions that may have been answered, and whose answers are nowhere.</param>
    /// <param name="Repeated">Answers beyond the first to the same question.</param>
    /// <param name="Unknown">Answers to questions that are not in the batch.</param>
    /// <param name="Garbage">Lines that are no answers.</param>
    public sealed record Receipt(long Answered, long Unasked, long Lost, long Repeated, long Unknown, long Garbage);

    /// <summary>Fetches and keeps all answers, then closes the batch.</summary>
    /// <param name="batch">The batch.</param>
    /// <param name="job">What the service says about it.</param>
    /// <param name="cancellation">Stops; what has come is kept, and the batch stays open.</param>
    public async Task<Receipt> ReceiveAsync(BatchRecord batch, BatchJob job, CancellationToken cancellation)
    {
        for (var attempt = 1; ; attempt++)
        {
            var read = await calls.RepeatAsync(stop => ReadAsync(batch.Number, [job.OutputFile, job.ErrorFile], stop), cancellation)
                .ConfigureAwait(false);
            var (answered, missing) = ledger.Count(batch.Number);
            // A question about which nothing is said was paid if the service has answered more than it shows: it is not asked
            // again without the user's word. A batch that is complete has answered everything.
            var isLost = missing > 0 && (job.State == BatchState.Completed || job.Completed + job.Failed > answered);
            if (isLost && attempt < settings.Retries.Attempts)
            {
                await calls.WaitAsync(attempt, null, cancellation).ConfigureAwait(false);
                job = await calls.RepeatAsync(stop => service.FindAsync(job.Id, stop), cancellation).ConfigureAwait(false);
                continue;
            }

            var unasked = ledger.Close(
                batch.Number,
                time.GetUtcNow(),
                isLost ? $"The answer is not in the files of the batch {job.Id}, although the batch is {job.State.NameOf()}." : null);
            return read with { Answered = answered, Unasked = unasked, Lost = isLost ? missing : 0 };
        }
    }

    private async Task<Receipt> ReadAsync(long number, string?[] files, CancellationToken cancellation)
    {
        var (unknown, repeated, garbage) = (0L, 0L, 0L);
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var replies = new List<BatchReply>(Together);
        foreach (var file in files.OfType<string>())
        {
            Stream stream;
            try
            {
                stream = await service.DownloadAsync(file, cancellation).ConfigureAwait(false);
            }
            catch (Exception e) when (e is not OperationCanceledException && calls.Judge(e).Status is 404 or 410)
            {
                continue;       // services keep files for a while only
            }

            await using (stream.ConfigureAwait(false))
            {
                await foreach (var line in BoundedLines.ReadAsync(stream, LongestLine, cancellation).ConfigureAwait(false))
                {
                    if (line is not { } text || BatchReply.Parse(text) is not { } reply)
                    {
                        garbage++;
                        continue;
                    }

                    repeated += seen.Add(reply.Key) ? 0 : 1;
                    replies.Add(reply);
                    if (replies.Count == Together)
                    {
                        unknown += ledger.Keep(number, replies);
                        replies.Clear();
                    }
                }
            }
        }

        unknown += ledger.Keep(number, replies);
        return new Receipt(0, 0, 0, repeated, unknown, garbage);
    }
}
