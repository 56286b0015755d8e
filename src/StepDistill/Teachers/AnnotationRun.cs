using System.Collections.Concurrent;
using System.Runtime.ExceptionServices;
using System.Threading.Channels;
using StepDistill.Annotations;
using StepDistill.Tasks;

namespace StepDistill.Teachers;

/// <summary>Asks a teacher about examples and stores the answers; what is stored already is not asked again.</summary>
/// <remarks>
/// Examples stream through: memory does not grow with their number. An answer counts once it is on the disk. Whatever
/// ends the run (a stop, a teacher that no question can reach, a faulty row), the answers that have arrived are stored
/// first, and the same run started again goes on from there. One instance runs once.
/// </remarks>
public sealed class AnnotationRun
{
    /// <summary>Examples whose keys are looked up at a time.</summary>
    private const int LookUp = 500;

    /// <summary>The most answers stored in one transaction: enough to make its flush to the disk cheap for each.</summary>
    private const int Batch = 1000;

    private readonly ITeacher _teacher;
    private readonly IAnnotationStore _store;
    private readonly AnnotationRunSettings _settings;
    private readonly TimeProvider _time;
    private readonly IProgress<AnnotationProgress>? _progress;
    private readonly ConcurrentDictionary<string, bool> _underWay = new(StringComparer.Ordinal);
    private readonly Channel<(ITeacher Teacher, Example Example)> _questions;
    private readonly Channel<Annotation> _answers = Channel.CreateBounded<Annotation>(Batch);
    private readonly Lock _counting = new();
    private readonly Dictionary<AnnotationStatus, long> _statuses = [];
    private long _examples, _skipped, _asked, _stored, _tokens, _started, _reported;
    private ExceptionDispatchInfo? _fault;

    /// <summary>Prepares a run.</summary>
    /// <param name="teacher">Who is asked.</param>
    /// <param name="store">Where answers are kept.</param>
    /// <param name="settings">How to ask.</param>
    /// <param name="progress">Hears how far the run has come; called from several threads, one at a time.</param>
    /// <param name="time">The clock; the system's where missing.</param>
    public AnnotationRun(
        ITeacher teacher, IAnnotationStore store, AnnotationRunSettings? settings = null,
        IProgress<AnnotationProgress>? progress = null, TimeProvider? time = null)
    {
        (_teacher, _store, _progress) = (teacher, store, progress);
        _settings = settings ?? new AnnotationRunSettings();
        ArgumentOutOfRangeException.ThrowIfLessThan(_settings.Concurrency, 1, nameof(settings));
        _time = time ?? TimeProvider.System;
        _questions = Channel.CreateBounded<(ITeacher, Example)>(_settings.Concurrency);
    }

    /// <summary>Asks about every example that is not stored yet.</summary>
    /// <param name="examples">The examples.</param>
    /// <param name="cancellation">Asks no more; answers under way are waited for and stored, then the run ends.</param>
    /// <returns>The final counts.</returns>
    /// <exception cref="OperationCanceledException">The run was stopped; what had arrived is stored.</exception>
    /// <exception cref="StepDistillException">
    /// No question can succeed, a row is faulty, or the store cannot be written. Answers that had arrived are stored, but
    /// where the store itself is the trouble.
    /// </exception>
    public async Task<AnnotationProgress> RunAsync(
        IAsyncEnumerable<Example> examples, CancellationToken cancellation = default)
    {
        _started = _reported = _time.GetTimestamp();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        using var giveUp = new CancellationTokenSource(Timeout.InfiniteTimeSpan, _time);
        using var drain = stop.Token.Register(() => giveUp.CancelAfter(_settings.Drain));

        // Nothing happens while a run is paused, and the user wants to know why.
        await using var ticking = _time.CreateTimer(_ => Report(), null, _settings.Tick, _settings.Tick).ConfigureAwait(false);

        var saver = Guard(() => SaveAsync(giveUp), stop);
        var workers = Enumerable.Range(0, _settings.Concurrency)
            .Select(_ => Guard(() => AnswerAsync(stop.Token, giveUp.Token), stop)).ToList();
        await Guard(() => AskAsync(examples, stop.Token), stop).ConfigureAwait(false);
        _questions.Writer.Complete();
        await Task.WhenAll(workers).ConfigureAwait(false);
        _answers.Writer.TryComplete();
        await saver.ConfigureAwait(false);

        Report(final: true);
        _fault?.Throw();
        cancellation.ThrowIfCancellationRequested();
        lock (_counting)
        {
            return Progress();
        }
    }

    /// <summary>Runs one part of the run; its fault stops the others. The first fault is the cause and is kept.</summary>
    private async Task Guard(Func<Task> part, CancellationTokenSource stop)
    {
        try
        {
            await Task.Run(part, CancellationToken.None).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // Stopped from outside, or because of another part's fault.
        }
        catch (Exception e)
        {
            Interlocked.CompareExchange(ref _fault, ExceptionDispatchInfo.Capture(e), null);
            await stop.CancelAsync().ConfigureAwait(false);
        }
    }

    private async Task AskAsync(IAsyncEnumerable<Example> examples, CancellationToken stop)
    {
        await foreach (var chunk in examples.Chunk(LookUp).WithCancellation(stop).ConfigureAwait(false))
        {
            // Claimed before it is looked up: a key that an earlier example claimed is stored before it is let go, so no
            // question is asked twice however the two overlap.
            var questions = chunk.SelectMany(_ => _teacher.Answers, (example, teacher) => (Teacher: teacher, Example: example)).ToList();
            var claimed = new List<(string Key, (ITeacher, Example) Question)>(questions.Count);
            foreach (var (teacher, example) in questions)
            {
                if (teacher.CanAnswer(example) && teacher.KeyOf(example) is var key && _underWay.TryAdd(key, true))
                {
                    claimed.Add((key, (teacher, example)));
                }
            }

            var stored = await _store.FindAsync(claimed.ConvertAll(one => one.Key), stop).ConfigureAwait(false);
            var elsewhere = _settings.Elsewhere?.Invoke(claimed.ConvertAll(one => one.Key));
            var open = new List<(ITeacher, Example)>(claimed.Count);
            foreach (var (key, question) in claimed)
            {
                if (IsAnswered(stored.GetValueOrDefault(key)) || elsewhere?.Contains(key) == true)
                {
                    _underWay.TryRemove(key, out _);
                }
                else
                {
                    open.Add(question);
                }
            }

            lock (_counting)
            {
                _examples += questions.Count;
                _skipped += questions.Count - open.Count;
            }

            Report();
            foreach (var question in open)
            {
                await _questions.Writer.WriteAsync(question, stop).ConfigureAwait(false);
            }
        }
    }

    private bool IsAnswered(Annotation? stored) =>
        stored is not null && !(stored.Status == AnnotationStatus.Failed && _settings.RetryFailed);

    private async Task AnswerAsync(CancellationToken stop, CancellationToken giveUp)
    {
        await foreach (var (teacher, example) in _questions.Reader.ReadAllAsync(stop).ConfigureAwait(false))
        {
            stop.ThrowIfCancellationRequested();
            Interlocked.Increment(ref _asked);
            var annotation = await teacher.AnswerAsync(example, giveUp).ConfigureAwait(false);
            if (!await TryHandOver(annotation).ConfigureAwait(false))
            {
                return;
            }
        }
    }

    /// <summary>Gives an answer to be stored; false once nothing can be stored any more.</summary>
    private async ValueTask<bool> TryHandOver(Annotation annotation)
    {
        while (await _answers.Writer.WaitToWriteAsync(CancellationToken.None).ConfigureAwait(false))
        {
            if (_answers.Writer.TryWrite(annotation))
            {
                return true;
            }
        }

        return false;
    }

    private async Task SaveAsync(CancellationTokenSource giveUp)
    {
        try
        {
            var batch = new List<Annotation>(Batch);
            while (await _answers.Reader.WaitToReadAsync(CancellationToken.None).ConfigureAwait(false))
            {
                while (batch.Count < Batch && _answers.Reader.TryRead(out var annotation))
                {
                    batch.Add(annotation);
                }

                await _store.AddAsync(batch, CancellationToken.None).ConfigureAwait(false);
                Count(batch);
                batch.Clear();
                Report();
            }
        }
        catch (Exception e)
        {
            // Recorded before the others are let go: what they meet then is a consequence, and must not count as the cause.
            Interlocked.CompareExchange(ref _fault, ExceptionDispatchInfo.Capture(e), null);
            _answers.Writer.TryComplete();
            await giveUp.CancelAsync().ConfigureAwait(false);     // nothing can be kept, so there is nothing to wait for
            throw;
        }
    }

    private void Count(List<Annotation> stored)
    {
        lock (_counting)
        {
            _stored += stored.Count;
            foreach (var annotation in stored)
            {
                _statuses[annotation.Status] = _statuses.GetValueOrDefault(annotation.Status) + 1;
                _tokens += (annotation.InputTokens ?? 0) + (annotation.OutputTokens ?? 0);
            }
        }

        foreach (var annotation in stored)
        {
            _underWay.TryRemove(annotation.Key, out _);
        }
    }

    private void Report(bool final = false)
    {
        lock (_counting)
        {
            if (final || _time.GetElapsedTime(_reported) >= _settings.ReportEvery)
            {
                _reported = _time.GetTimestamp();
                _progress?.Report(Progress());
            }
        }
    }

    private AnnotationProgress Progress()
    {
        var elapsed = _time.GetElapsedTime(_started);
        return new AnnotationProgress
        {
            Examples = _examples,
            Skipped = _skipped,
            Asked = Interlocked.Read(ref _asked),
            Stored = _stored,
            Statuses = new Dictionary<AnnotationStatus, long>(_statuses),
            Tokens = _tokens,
            Paused = (_teacher as ChatTeacher)?.Gate.Paused,
            Spent = (_teacher as ChatTeacher)?.Gate.Spent ?? 0,
            Elapsed = elapsed,
            Remaining = _settings.Total is { } total && _stored > 0
                ? elapsed * (Math.Max(0, total - _skipped - _stored) / (double)_stored)
                : null,
        };
    }
}
