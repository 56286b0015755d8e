using System.Runtime.CompilerServices;
using Microsoft.Extensions.AI;
using StepDistill.Tasks;

namespace StepDistill.Teachers.Recording;

/// <summary>Passes an application's calls on to its model, untouched, and records them as training data.</summary>
/// <remarks>
/// The caller never waits for the recording and never sees an exception of it: what went wrong is in <see cref="Counts"/>.
/// A streamed reply is recorded after its last update; one that the caller stops reading is not. Disposing writes what
/// waits, then disposes the inner client. Safe for use by several threads at once.
/// </remarks>
public sealed class RecordingChatClient : DelegatingChatClient, IAsyncDisposable
{
    private readonly RecordingOptions _options;
    private readonly TrafficRecorder _recorder;

    /// <summary>Opens file and store, and starts to record.</summary>
    /// <param name="inner">The application's client; disposed with this one.</param>
    /// <param name="task">The task that the calls are about: what a label is.</param>
    /// <param name="options">Where and what to record.</param>
    /// <exception cref="StepDistillException">The format is unknown, or file or store cannot be opened: told now, not while calls go on.</exception>
    /// <exception cref="ArgumentException">The share is not from 0 to 1, or the capacity below 1.</exception>
    public RecordingChatClient(IChatClient inner, TaskSpec task, RecordingOptions options) : base(inner) =>
        (_options, _recorder) = (options, new TrafficRecorder(task, options));

    /// <summary>What became of the calls so far.</summary>
    public RecordingCounts Counts => _recorder.Counts;

    /// <inheritdoc/>
    public override async Task<ChatResponse> GetResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
    {
        var (list, question) = Ask(messages);
        var response = await base.GetResponseAsync(list, options, cancellationToken).ConfigureAwait(false);
        Record(question, () => response, options);
        return response;
    }

    /// <inheritdoc/>
    public override async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var (list, question) = Ask(messages);
        var updates = new List<ChatResponseUpdate>();
        await foreach (var update in base.GetStreamingResponseAsync(list, options, cancellationToken).ConfigureAwait(false))
        {
            updates.Add(update);
            yield return update;
        }

        Record(question, updates.ToChatResponse, options);
    }

    /// <summary>Writes what waits, then disposes the inner client.</summary>
    public async ValueTask DisposeAsync()
    {
        await _recorder.DisposeAsync().ConfigureAwait(false);
        Dispose();
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            // Off the caller's context, which may be the one that this thread blocks.
            Task.Run(() => _recorder.DisposeAsync().AsTask()).GetAwaiter().GetResult();
        }

        base.Dispose(disposing);
    }

    /// <summary>A question as it stood when it was asked: the caller may change its messages afterwards.</summary>
    /// <param name="Input">The student's input; null where there is none.</param>
    /// <param name="Fault">What the caller's own selector threw.</param>
    /// <param name="Started">When it was asked.</param>
    private readonly record struct Question(string? Input, Exception? Fault, long Started);

    private (IReadOnlyList<ChatMessage> Messages, Question Question) Ask(IEnumerable<ChatMessage> messages)
    {
        var list = messages as IReadOnlyList<ChatMessage> ?? [.. messages];
        var started = _options.Time.GetTimestamp();
        try
        {
            return (list, new(_options.Input(list), null, started));
        }
        catch (Exception e)
        {
            return (list, new(null, e, started));
        }
    }

    private void Record(Question question, Func<ChatResponse> whole, ChatOptions? options)
    {
        try
        {
            if (question.Fault is { } fault)
            {
                _recorder.Fail(fault);
                return;
            }

            var response = whole();
            var isWhole = response.FinishReason is null || response.FinishReason == ChatFinishReason.Stop;
            if (question.Input is not { } input || string.IsNullOrWhiteSpace(input) || string.IsNullOrWhiteSpace(response.Text) || !isWhole
                || response.Messages.Any(message => message.Contents.Any(content => content is FunctionCallContent or ErrorContent)))
            {
                _recorder.Leave();
                return;
            }

            _recorder.Offer(new RecordedCall(
                input, response.Text, response.ModelId ?? options?.ModelId, response.Usage?.InputTokenCount,
                response.Usage?.OutputTokenCount, _options.Time.GetElapsedTime(question.Started), _options.Time.GetUtcNow()));
        }
        catch (Exception e)
        {
            _recorder.Fail(e);      // the answer is the caller's, whatever happens here
        }
    }
}
