using System.Runtime.CompilerServices;
using Microsoft.Extensions.AI;

namespace StepDistill.Inference.Cascades;

/// <summary>Answers with a student where it is sure, and with a large model otherwise.</summary>
/// <remarks>
/// The large model's replies pass through untouched; the student's say so in their <see cref="StudentFirstProperties"/>. Audits,
/// logs and metrics are made beside the calls: the caller neither waits for them nor sees their exceptions, which are in
/// <see cref="Counts"/>. Disposing finishes audits, writes what waits and disposes the inner client, not the student. Safe for use
/// by several threads at once.
/// </remarks>
public sealed class StudentFirstChatClient : DelegatingChatClient, IAsyncDisposable
{
    private readonly IStudentClassifier _student;
    private readonly StudentFirstOptions _options;
    private readonly CascadeRule _rule;
    private readonly LargeReply _reading;
    private readonly CascadeReply _reply;
    private readonly CascadeCounter _counter = new();
    private readonly DailyCeiling? _ceiling;
    private readonly NextRoundLog? _log;
    private readonly CascadeAudits _audits;
    private readonly CascadeMeter _meter;
    private bool _disposed;

    /// <summary>Opens the files, and is ready.</summary>
    /// <param name="large">The large model's client; disposed with this one.</param>
    /// <param name="student">The student; the caller disposes it.</param>
    /// <param name="options">When the student answers, and what is kept.</param>
    /// <exception cref="StepDistillException">The cascade promises nothing or is another student's, or a file cannot be opened.</exception>
    /// <exception cref="ArgumentException">A number is outside its range, or the format unknown.</exception>
    public StudentFirstChatClient(IChatClient large, IStudentClassifier student, StudentFirstOptions options) : base(large)
    {
        StudentFirstOptions.Check(options, student.Description);
        (_student, _options, _rule) = (student, options, options.Cascade.Plan.Rule!.Value);
        (_reading, _reply) = (new(student.Description, options), new(student.Description, options));
        Drift = new(options.Cascade.Baseline, options.Drift);
        _ceiling = options.DailyCalls is { } most ? new(most, options.DailyCallsFile, options.Time) : null;
        try
        {
            _log = options.Log is { } path ? new(path, _reading, options, _counter) : null;
        }
        catch
        {
            _ceiling?.Dispose();
            throw;
        }

        _audits = new(options, _counter, CompareAsync);
        _meter = new(student.Description, Drift, _ceiling is null ? null : () => _ceiling.Spent);
    }

    /// <summary>Whether calls still look as they did when the cascade was set.</summary>
    public DriftSignals Drift { get; }

    /// <summary>What became of the calls so far.</summary>
    public StudentFirstCounts Counts => _counter.Counts is var counts && _ceiling is null
        ? counts : counts with { LargeToday = _ceiling!.Spent, Fault = _ceiling.Fault ?? counts.Fault };

    /// <inheritdoc/>
    public override async Task<ChatResponse> GetResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
    {
        var list = messages as IReadOnlyList<ChatMessage> ?? [.. messages];
        var asked = await AskStudentAsync(list, cancellationToken).ConfigureAwait(false);
        if (WithoutLarge(asked, list, options) is { } reply)
        {
            return reply;
        }

        ChatResponse response;
        try
        {
            response = await base.GetResponseAsync(list, options, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested && Failed(e) && MayFallBack(asked))
        {
            return FallBack(asked);
        }

        Passed(asked, () => response, options);
        return response;
    }

    /// <inheritdoc/>
    public override async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var list = messages as IReadOnlyList<ChatMessage> ?? [.. messages];
        var asked = await AskStudentAsync(list, cancellationToken).ConfigureAwait(false);
        var own = WithoutLarge(asked, list, options);
        if (own is null)
        {
            var updates = new List<ChatResponseUpdate>();
            await using var stream = base.GetStreamingResponseAsync(list, options, cancellationToken).GetAsyncEnumerator(cancellationToken);
            while (true)
            {
                try
                {
                    if (!await stream.MoveNextAsync().ConfigureAwait(false))
                    {
                        break;
                    }
                }
                catch (Exception e) when (!cancellationToken.IsCancellationRequested && Failed(e) && updates.Count == 0 && MayFallBack(asked))
                {
                    own = FallBack(asked);
                    break;
                }

                updates.Add(stream.Current);
                yield return stream.Current;
            }

            if (own is null)
            {
                Passed(asked, updates.ToChatResponse, options);
                yield break;
            }
        }

        foreach (var update in own.ToChatResponseUpdates())
        {
            yield return update;
        }
    }

    /// <summary>Finishes audits, writes what waits, then disposes the inner client.</summary>
    public async ValueTask DisposeAsync()
    {
        await CloseAsync().ConfigureAwait(false);
        Dispose();
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            // Off the caller's context, which may be the one that this thread blocks.
            Task.Run(CloseAsync).GetAwaiter().GetResult();
        }

        base.Dispose(disposing);
    }

    private async Task<AskedStudent> AskStudentAsync(IReadOnlyList<ChatMessage> messages, CancellationToken cancellation)
    {
        StudentQuestion? question = null;
        try
        {
            question = _options.Question(messages);
            if (question is null)
            {
                return new(null, null, CascadeVerdict.Unfamiliar);
            }

            // The student computes; the caller's thread may be one that must not be kept.
            var answers = await Task.Run(() => _student.Classify([question], withRationales: false, cancellation), cancellation).ConfigureAwait(false);
            var verdict = _rule.Judge(answers[0]);
            Drift.Note(answers[0], verdict == CascadeVerdict.Student);
            return new(question, answers[0], verdict);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            // A call that the student cannot be asked is the large model's.
            _counter.Add(counts => counts with { StudentFailed = counts.StudentFailed + 1, Fault = e.Message });
            return new(question, null, CascadeVerdict.Unsure);
        }
    }

    /// <summary>The reply where the large model is not asked; null where it is, and its call is counted.</summary>
    private ChatResponse? WithoutLarge(AskedStudent asked, IReadOnlyList<ChatMessage> messages, ChatOptions? options)
    {
        if (asked.Verdict == CascadeVerdict.Student)
        {
            _counter.Add(counts => counts with { Student = counts.Student + 1 });
            if (_audits.Concerns(asked.Question!.Input))
            {
                // As they are now: the caller may change messages and options afterwards.
                _audits.Offer(new(asked.Question, asked.Answer!, [.. messages.Select(message => message.Clone())], options?.Clone()));
            }

            return Write(asked.Answer, "sure");
        }

        if (_ceiling is null || _ceiling.TryTake())
        {
            return null;
        }

        var answer = _options.WhenSpent == CeilingPolicy.Student ? asked.Answer : null;
        _counter.Add(counts => answer is null
            ? counts with { Abstained = counts.Abstained + 1 } : counts with { StudentAboveCeiling = counts.StudentAboveCeiling + 1 });
        return Write(answer, "ceiling");
    }

    private bool Failed(Exception e)
    {
        _counter.Add(counts => counts with { LargeFailed = counts.LargeFailed + 1, Fault = e.Message });
        return true;
    }

    private bool MayFallBack(AskedStudent asked) => _options.FallBackToStudent && asked.Answer is not null;

    private ChatResponse FallBack(AskedStudent asked)
    {
        _counter.Add(counts => counts with { StudentAfterFailure = counts.StudentAfterFailure + 1 });
        return Write(asked.Answer, "fallback");
    }

    /// <summary>Counts and keeps what the large model said. The reply is the caller's, whatever happens here.</summary>
    private void Passed(AskedStudent asked, Func<ChatResponse> whole, ChatOptions? options)
    {
        _counter.Add(counts => counts with { Large = counts.Large + 1 });
        try
        {
            _meter.Count("large_model", asked.Why);
            if (_log is not null && asked.Question is { } question && whole() is var response && LargeReply.WholeText(response) is { } text)
            {
                _log.Offer(question, asked.Answer, text, response.ModelId ?? options?.ModelId, asked.Why);
            }
        }
        catch (Exception e)
        {
            _counter.Add(counts => counts with { NotLogged = counts.NotLogged + 1, Fault = e.Message });
        }
    }

    private ChatResponse Write(StudentAnswer? answer, string why)
    {
        _meter.Count(CascadeReply.Who(answer), why);
        return _reply.Write(answer, why);
    }

    /// <summary>Asks the large model what the student has answered already.</summary>
    private async Task CompareAsync(CascadeAudits.Audit audit, CancellationToken cancellation)
    {
        ChatResponse? response = _ceiling is null || _ceiling.TryTake()
            ? await base.GetResponseAsync(audit.Messages, audit.Options, cancellation).ConfigureAwait(false) : null;
        if (response is null || LargeReply.WholeText(response) is not { } text)
        {
            _counter.Add(counts => counts with { AuditsLeftOut = counts.AuditsLeftOut + 1 });
            return;
        }

        var example = _reading.ExampleOf(audit.Question, id: "audit", audit.Question.Input);
        var agreed = _reading.Agrees(example, audit.Answer, _reading.Read(example, text));
        Drift.NoteAudit(agreed);
        if (!agreed)
        {
            _log?.Offer(audit.Question, audit.Answer, text, response.ModelId ?? audit.Options?.ModelId, "disagreed");
        }

        _counter.Add(counts => counts with { Audited = counts.Audited + 1, Agreed = counts.Agreed + (agreed ? 1 : 0) });
    }

    private async Task CloseAsync()
    {
        if (Interlocked.Exchange(ref _disposed, true))
        {
            return;
        }

        await _audits.DisposeAsync().ConfigureAwait(false);
        if (_log is not null)
        {
            await _log.DisposeAsync().ConfigureAwait(false);
        }

        _ceiling?.Dispose();
        _meter.Dispose();
    }
}
