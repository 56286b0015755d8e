using System.Text.Json.Nodes;
using System.Threading.Channels;
using StepDistill.Annotations;
using StepDistill.Files;
using StepDistill.Tasks;

namespace StepDistill.Teachers.Recording;

/// <summary>Turns answered calls into rows and annotations, on a thread of its own.</summary>
/// <remarks>
/// A row's answer stands beside it as a recorded one, and its annotation is the one that a <see cref="RecordedTeacher"/> gives
/// for it, so a recipe with the rows as <c>task.train</c> finds the annotations by its keys. Rows are on the disk before their
/// annotations: a row without one is annotated by the recipe, an annotation without a row could never be found.
/// </remarks>
internal sealed class TrafficRecorder : IAsyncDisposable
{
    /// <summary>The most calls that are written together: enough to make the flush to the disk cheap for each.</summary>
    private const int Batch = 256;

    private readonly TaskSpec _task;
    private readonly RecordingOptions _options;
    private readonly RecordedTeacher _teacher;
    private readonly TrafficFile _rows;
    private readonly SqliteAnnotationStore _store;
    private readonly Channel<RecordedCall> _calls;
    private readonly Task _writing;
    private readonly Lock _counting = new();
    private RecordingCounts _counts = new();
    private bool _disposed;

    /// <exception cref="StepDistillException">The format is unknown, or file or store cannot be opened.</exception>
    public TrafficRecorder(TaskSpec task, RecordingOptions options)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(options.Capacity, 1, nameof(options));
        if (!(options.Share is >= 0 and <= 1))
        {
            throw new ArgumentOutOfRangeException(nameof(options), options.Share, "Share must be from 0 to 1.");
        }

        (_task, _options) = (task, options);
        _teacher = new RecordedTeacher(task, options.Format ?? task.ReplyFormat, time: options.Time);
        _rows = TrafficFile.Open(options.Rows);
        try
        {
            _store = SqliteAnnotationStore.Open(options.Store);
        }
        catch
        {
            _rows.Dispose();
            throw;
        }

        _calls = Channel.CreateBounded<RecordedCall>(new BoundedChannelOptions(options.Capacity) { SingleReader = true });
        _writing = Task.Run(WriteAsync);
    }

    public RecordingCounts Counts
    {
        get
        {
            lock (_counting)
            {
                return _counts;
            }
        }
    }

    /// <summary>Hands a call over; never waits.</summary>
    public void Offer(RecordedCall call)
    {
        var taken = _calls.Writer.TryWrite(call);
        Count(counts => counts with { Answered = counts.Answered + 1, Dropped = counts.Dropped + (taken ? 0 : 1) });
    }

    /// <summary>Counts a call that cannot become a row.</summary>
    public void Leave() => Count(counts => counts with { Answered = counts.Answered + 1, Unusable = counts.Unusable + 1 });

    /// <summary>Counts a call that was lost to an exception.</summary>
    public void Fail(Exception e) => Count(counts => counts with { Answered = counts.Answered + 1, Failed = counts.Failed + 1, Fault = e.Message });

    /// <summary>Writes what waits, for as long as <see cref="RecordingOptions.Drain"/> allows, and closes the files.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, true))
        {
            return;
        }

        _calls.Writer.TryComplete();
        try
        {
            await _writing.WaitAsync(_options.Drain, _options.Time).ConfigureAwait(false);
            Close();
        }
        catch (TimeoutException)
        {
            // Closed once the write that takes so long has ended; the caller does not wait for it.
            _ = _writing.ContinueWith(_ => Close(), TaskScheduler.Default);
        }
    }

    private void Close()
    {
        _rows.Dispose();
        _store.Dispose();
    }

    private async Task WriteAsync()
    {
        var batch = new List<(JsonObject Row, Annotation Annotation)>(Batch);
        while (await _calls.Reader.WaitToReadAsync().ConfigureAwait(false))
        {
            while (batch.Count < Batch && _calls.Reader.TryRead(out var call))
            {
                if (await TryAsync(() => PrepareAsync(call), lost: 1).ConfigureAwait(false) is { } prepared)
                {
                    batch.Add(prepared);
                }
            }

            await TryAsync(() => SaveAsync(batch), lost: batch.Count).ConfigureAwait(false);
            batch.Clear();
        }
    }

    /// <summary>Does something whose exceptions are counted: nothing that goes wrong here may end the recording or reach the application.</summary>
    private async Task<T?> TryAsync<T>(Func<Task<T>> part, int lost)
    {
        try
        {
            return await part().ConfigureAwait(false);
        }
        catch (Exception e)
        {
            Count(counts => counts with { Failed = counts.Failed + lost, Fault = e.Message });
            return default;
        }
    }

    private async Task<(JsonObject Row, Annotation Annotation)?> PrepareAsync(RecordedCall call)
    {
        var (input, reply) = (_options.Redact(call.Input), _options.Redact(call.Reply));
        if (ContentHash.Share("recorded traffic", input) >= _options.Share)
        {
            Count(counts => counts with { NotSampled = counts.NotSampled + 1 });
            return null;
        }

        var id = ContentHash.Of("recorded traffic", input)[..32];
        var example = new Example
        {
            Id = id,
            Input = input,
            Choices = _task.Answer == AnswerKind.Choice ? Choices.FromInput(input) : [],
        };
        if (string.IsNullOrWhiteSpace(input) || (_task.Answer == AnswerKind.Choice && example.Choices.Count < 2)
            || AnswerOf(example, reply, call.Model) is not { } answer)
        {
            Count(counts => counts with { Unusable = counts.Unusable + 1 });
            return null;
        }

        if (_rows.Knows(id))
        {
            Count(counts => counts with { Repeated = counts.Repeated + 1 });
            return null;
        }

        var annotation = await _teacher.AnswerAsync(example with { Recorded = answer }).ConfigureAwait(false);
        return (RowOf(example, answer, call), annotation with
        {
            Reply = reply,
            InputTokens = call.InputTokens,
            OutputTokens = call.OutputTokens,
            Latency = call.Latency,
            At = call.At,
        });
    }

    /// <summary>The answer as data holds it: the untouched reply, or rationale and label where a parser has parted them; null where it could not.</summary>
    private RecordedAnswer? AnswerOf(Example example, string reply, string? model)
    {
        if (_options.Parse is not { } parse)
        {
            return string.IsNullOrWhiteSpace(reply) ? null : new(reply, null, null, model);
        }

        return parse(example, reply) is { Status: AnnotationStatus.Ok, Label: { } label } parsed && _task.Canonical(example, label) is { } canonical
            ? new(null, parsed.Rationale, canonical, model)
            : null;
    }

    private static JsonObject RowOf(Example example, RecordedAnswer answer, RecordedCall call)
    {
        var row = new JsonObject { ["id"] = example.Id, ["input"] = example.Input };
        var teacher = new JsonObject();
        if (answer.Model is { } model)
        {
            teacher["model"] = model;
        }

        if (answer.Completion is { } completion)
        {
            teacher["completion"] = completion;
        }
        else
        {
            row["rationale"] = answer.Rationale;
            row["teacher_label"] = answer.Label;
        }

        if (teacher.Count > 0)
        {
            row["teacher"] = teacher;
        }

        row["recorded_at"] = call.At.ToUniversalTime().ToString("O", System.Globalization.CultureInfo.InvariantCulture);
        return row;
    }

    private async Task<bool> SaveAsync(List<(JsonObject Row, Annotation Annotation)> batch)
    {
        if (batch.Count == 0)
        {
            return true;
        }

        try
        {
            _rows.Append(batch.Select(one => one.Row));
        }
        catch
        {
            batch.ForEach(one => _rows.Forget((string)one.Row["id"]!));
            throw;
        }

        await _store.AddAsync(batch.ConvertAll(one => one.Annotation)).ConfigureAwait(false);
        Count(counts => counts with { Recorded = counts.Recorded + batch.Count });
        return true;
    }

    private void Count(Func<RecordingCounts, RecordingCounts> change)
    {
        lock (_counting)
        {
            _counts = change(_counts);
        }
    }
}
