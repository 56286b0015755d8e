using System.Globalization;
using StepDistill.Annotations;
using StepDistill.Tasks;
using StepDistill.Teachers.Requests;

namespace StepDistill.Teachers.BatchJobs;

/// <summary>Asks a chat teacher in batches: half the price, within a day. Submits what is to ask, collects what is answered.</summary>
/// <remarks>
/// A question has the same key, and its answer becomes the same annotation, whether it was asked online or in a batch.
/// Examples stream through, and one file of requests is made at a time: memory does not grow with their number. Whatever ends
/// the run, the batches go on at the service, and the next run goes on with them. One instance runs once.
/// </remarks>
public sealed class BatchRun
{
    /// <summary>Examples whose keys are looked up at a time.</summary>
    private const int LookUp = 500;

    private readonly ChatTeacher _teacher;
    private readonly IAnnotationStore _store;
    private readonly BatchLedger _ledger;
    private readonly IBatchService _service;
    private readonly BatchRunSettings _settings;
    private readonly TimeProvider _time;
    private readonly IProgress<BatchProgress>? _progress;
    private readonly BatchCalls _calls;
    private readonly BatchSubmission _submission;
    private readonly BatchInbox _inbox;
    private readonly TokenBound _bound = new();
    private readonly Dictionary<AnnotationStatus, long> _statuses = [];
    private readonly List<string> _faults = [];
    private DateTimeOffset _started;
    private IReadOnlyList<BatchRecord> _open = [];
    private long _questions, _stored, _left, _submitted, _batches, _unasked, _unclaimed, _repeated, _unknown, _garbage;
    private bool _isFull;

    /// <summary>Prepares a run.</summary>
    /// <param name="teacher">Whose questions are asked.</param>
    /// <param name="store">Where answers are kept.</param>
    /// <param name="ledger">What is in batches. The caller holds its folder's lock.</param>
    /// <param name="service">Who is asked.</param>
    /// <param name="settings">How to work.</param>
    /// <param name="explain">Reads exceptions of the service's own kind; null for others.</param>
    /// <param name="progress">Hears how far the run has come.</param>
    /// <param name="time">The clock; the system's where missing.</param>
    public BatchRun(
        ChatTeacher teacher, IAnnotationStore store, BatchLedger ledger, IBatchService service, BatchRunSettings settings,
        Func<Exception, RequestFailure?>? explain = null, IProgress<BatchProgress>? progress = null, TimeProvider? time = null)
    {
        (_teacher, _store, _ledger, _service, _settings, _progress) = (teacher, store, ledger, service, settings, progress);
        _time = time ?? TimeProvider.System;
        _calls = new BatchCalls($"The server {settings.Server}", settings.Retries, explain ?? (_ => null), _time);
        _submission = new BatchSubmission(service, ledger, _calls, settings, _time);
        _inbox = new BatchInbox(service, ledger, _calls, settings, _time);
    }

    /// <summary>Collects what is answered and submits what is to ask; waits for the rest where the settings say so.</summary>
    /// <param name="examples">The examples; walked over again after each batch that has ended.</param>
    /// <param name="cancellation">Stops. Batches go on at the service, and answers that have arrived are kept.</param>
    /// <returns>How far everything is.</returns>
    /// <exception cref="OperationCanceledException">The run was stopped.</exception>
    /// <exception cref="StepDistillException">The service refuses, or is away; a row is faulty; or a file cannot be written.</exception>
    public async Task<BatchProgress> RunAsync(
        Func<IAsyncEnumerable<Example>> examples, CancellationToken cancellation = default)
    {
        _started = _time.GetUtcNow();
        await _submission.SettleAsync(cancellation).ConfigureAwait(false);
        for (var isFirst = true; ; isFirst = false)
        {
            var hasEnded = await LookAsync(isFirst, cancellation).ConfigureAwait(false);
            if (isFirst || hasEnded)
            {
                await WalkAsync(examples(), cancellation).ConfigureAwait(false);
            }

            Report();
            if (!_settings.Wait || _open.Count == 0)
            {
                return Progress();
            }

            await Task.Delay(Pause(), _time, cancellation).ConfigureAwait(false);
        }
    }

    /// <summary>Looks after young batches often and after old ones seldom, also across restarts.</summary>
    private TimeSpan Pause()
    {
        var age = (_time.GetUtcNow() - _open.Max(batch => batch.Made)) / 10;
        return age < _settings.ShortestLook ? _settings.ShortestLook : age > _settings.LongestLook ? _settings.LongestLook : age;
    }

    /// <summary>Asks how far the open batches are, and fetches the answers of those that have ended.</summary>
    /// <returns>Whether any has ended.</returns>
    private async Task<bool> LookAsync(bool isFirst, CancellationToken cancellation)
    {
        var hasEnded = false;
        try
        {
            foreach (var batch in _ledger.OpenBatches(_settings.Server))
            {
                var job = await _calls.RepeatAsync(stop => _service.FindAsync(batch.Id!, stop), cancellation).ConfigureAwait(false);
                _ledger.Heard(batch.Number, job);
                if (job.State.IsEnd())
                {
                    var receipt = await _inbox.ReceiveAsync(batch, job, cancellation).ConfigureAwait(false);
                    hasEnded = true;
                    Count(batch, job, receipt);
                }
            }
        }
        catch (ServiceAwayException) when (_settings.Wait && !isFirst)
        {
            // Who waits a day waits through an hour's trouble too; the next look tells.
        }

        _open = _ledger.OpenBatches(_settings.Server);
        return hasEnded;
    }

    private void Count(BatchRecord batch, BatchJob job, BatchInbox.Receipt receipt)
    {
        _unasked += receipt.Unasked;
        _repeated += receipt.Repeated;
        _unknown += receipt.Unknown;
        _garbage += receipt.Garbage;
        var others = _ledger.OpenBatches(_settings.Server).Count;
        if (job is { State: BatchState.Failed, IsOverTokenLimit: true } && others > 0)
        {
            _isFull = true;     // until one of the others has ended
            return;
        }

        _isFull = false;
        if (job.State == BatchState.Failed)
        {
            var why = job.Errors.Count == 0 ? "it gives no reason" : string.Join("; ", job.Errors.Select(error => ChatRequests.Shortened(error).TrimEnd('.')));
            _faults.Add(
                $"The service refused the batch {job.Id} of {Number(batch.Requests)} questions: {why}. Nothing of it was asked. "
                + (job.IsOverTokenLimit
                    ? "Set teacher.enqueued_tokens to what the account may have waiting, then run the same command again."
                    : "Mend the cause, then run the same command again: its questions go into a new batch."));
        }
        else if (receipt.Answered == 0 && receipt.Lost == 0)
        {
            _faults.Add(
                $"The batch {job.Id} of {Number(batch.Requests)} questions is {job.State.NameOf()}, and none of them was answered. "
                + "Run the same command again to put them into a new batch, or leave out --batch to ask them online.");
        }
    }

    /// <summary>Stores the answers that have arrived, and puts what is still to ask into batches.</summary>
    private async Task WalkAsync(IAsyncEnumerable<Example> examples, CancellationToken cancellation)
    {
        (_questions, _stored, _left) = (0, 0, 0);
        BatchInput? input = null;
        try
        {
            await foreach (var chunk in examples.Chunk(LookUp).WithCancellation(cancellation).ConfigureAwait(false))
            {
                var asked = chunk
                    .SelectMany(_ => _teacher.Answers, (example, teacher) => (Teacher: (ChatTeacher)teacher, Example: example))
                    .Where(one => ((ITeacher)one.Teacher).CanAnswer(one.Example))
                    .Select(one => (one.Teacher, one.Example, Key: one.Teacher.KeyOf(one.Example)))
                    .DistinctBy(one => one.Key)
                    .ToList();
                var stored = await _store.FindAsync(asked.ConvertAll(one => one.Key), cancellation).ConfigureAwait(false);
                var batched = _ledger.Find(asked.ConvertAll(one => one.Key));
                await TakeAsync(asked, stored, batched, cancellation).ConfigureAwait(false);
                foreach (var (teacher, example, key) in asked)
                {
                    _questions++;
                    if (batched.ContainsKey(key) || IsAnswered(stored.GetValueOrDefault(key)))
                    {
                        _stored += batched.ContainsKey(key) ? 0 : 1;
                    }
                    else if (input?.Holds(key) != true)
                    {
                        input = await AddAsync(input, teacher, example, cancellation).ConfigureAwait(false);
                    }
                }

                Report();
            }

            _unclaimed = _ledger.CountUnclaimed(_settings.Server);
            await SubmitAsync(input, cancellation).ConfigureAwait(false);
        }
        finally
        {
            input?.Dispose();
        }
    }

    private bool IsAnswered(Annotation? stored) => stored is not null
        && !(stored.Status == AnnotationStatus.Failed && _settings.RetryFailed && stored.At < _started);

    /// <summary>Stores answers that have arrived; then they leave the ledger.</summary>
    private async Task TakeAsync(
        List<(ChatTeacher Teacher, Example Example, string Key)> asked,
        IReadOnlyDictionary<string, Annotation> stored, IReadOnlyDictionary<string, BatchedQuestion> batched,
        CancellationToken cancellation)
    {
        var (arrived, done) = (new List<Annotation>(), new List<string>());
        foreach (var (teacher, example, key) in asked)
        {
            if (batched.TryGetValue(key, out var question) && question is { Received: { } received, Reply: { } reply })
            {
                var annotation = await ReadAsync(teacher, example, reply, question.Made, received, cancellation).ConfigureAwait(false);
                done.Add(key);
                if (IsNews(annotation, stored.GetValueOrDefault(key)))
                {
                    arrived.Add(annotation);
                }
            }
        }

        if (done.Count > 0)
        {
            await _store.AddAsync(arrived, cancellation).ConfigureAwait(false);
            _ledger.Release(done);
            foreach (var annotation in arrived)
            {
                _statuses[annotation.Status] = _statuses.GetValueOrDefault(annotation.Status) + 1;
            }
        }
    }

    /// <summary>Not where the same answer was stored before, by a process that ended before it could let go of it.</summary>
    private static bool IsNews(Annotation annotation, Annotation? stored) =>
        stored is null || (stored.Status != AnnotationStatus.Ok && stored.At != annotation.At);

    private async Task<Annotation> ReadAsync(
        ChatTeacher teacher, Example example, BatchReply reply, DateTimeOffset made, DateTimeOffset received, CancellationToken cancellation)
    {
        var question = teacher.BatchQuestion(example);
        var annotation = teacher.Unanswered(example) with { Latency = received - made, At = received };
        if (!reply.IsGood)
        {
            return annotation with { Fault = reply.Fault };
        }

        try
        {
            var response = await _service.ReadAsync(question.Messages, question.Options, reply.Body!, cancellation).ConfigureAwait(false);
            if (response.Usage?.InputTokenCount is { } tokens)
            {
                _bound.Learn(question.Messages, tokens);
            }

            return teacher.Read(annotation with { Price = teacher.Price?.Of(response.Usage, batch: true) }, example, response, question.IsJson);
        }
        catch (Exception e) when (e is not OperationCanceledException and not StepDistillException)
        {
            // It is paid: its text is kept.
            return annotation with { Reply = reply.Body!, Fault = $"The reply is no chat completion: {ChatRequests.Shortened(e.Message)}" };
        }
    }

    /// <summary>Puts a question into the file of requests; a file that is full is submitted first.</summary>
    private async Task<BatchInput?> AddAsync(BatchInput? input, ChatTeacher teacher, Example example, CancellationToken cancellation)
    {
        var question = teacher.BatchQuestion(example);
        var tokens = _bound.Of(question.Messages);
        if (!HasRoomFor(tokens, input))
        {
            _left++;
            return input;
        }

        var body = await _service.WriteAsync(question.Messages, question.Options, cancellation).ConfigureAwait(false);
        if (input?.HasRoomFor(body) == false)
        {
            using (input)
            {
                await SubmitAsync(input, cancellation).ConfigureAwait(false);
            }

            input = null;
        }

        input ??= new BatchInput(_settings.InputPath, _settings.Limits);
        input.Add(teacher.KeyOf(example), body, tokens);
        return input;
    }

    private bool HasRoomFor(long tokens, BatchInput? input)
    {
        // Once something did not fit, nothing goes until a batch has ended: questions keep their order.
        if (_faults.Count > 0 || _isFull || _left > 0)
        {
            return false;
        }

        var isAlone = _open.Count == 0 && input is null;
        return isAlone || !(_open.Sum(batch => batch.Tokens) + (input?.Tokens ?? 0) + tokens > _settings.Limits.EnqueuedTokens);
    }

    private async Task SubmitAsync(BatchInput? input, CancellationToken cancellation)
    {
        if (input is null)
        {
            return;
        }

        await _submission.SubmitAsync(input, cancellation).ConfigureAwait(false);
        _batches++;
        _submitted += input.Keys.Count;
        _open = _ledger.OpenBatches(_settings.Server);
        Report();
    }

    private static string Number(long value) => value.ToString("N0", CultureInfo.InvariantCulture);

    private void Report() => _progress?.Report(Progress());

    private BatchProgress Progress() => new()
    {
        Questions = _questions,
        Stored = _stored,
        Left = _left,
        Submitted = _submitted,
        Batches = _batches,
        Statuses = new Dictionary<AnnotationStatus, long>(_statuses),
        Open = _open,
        Unasked = _unasked,
        Unclaimed = _unclaimed,
        Repeated = _repeated,
        Unknown = _unknown,
        Garbage = _garbage,
        Faults = [.. _faults],
    };
}
