using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using Microsoft.Extensions.AI;
using StepDistill.Annotations;
using StepDistill.Recipes;
using StepDistill.Tasks;
using StepDistill.Teachers.Replies;

namespace StepDistill.Teachers;

/// <summary>A chat model that is asked, with worked examples, for reasons and an answer.</summary>
/// <remarks>
/// Requests that fail for a while (no connection, a time-out, 408, 425, 429, 5xx) are sent again after a wait that doubles
/// and varies by chance, or that the server names; then the answer has the status Failed. A client given to this class
/// should not retry by itself. Safe for use by several threads at once.
/// </remarks>
public sealed class ChatTeacher : ITeacher, IDisposable
{
    /// <summary>Questions that may fail before any has succeeded: then the server is not there, or not set up.</summary>
    private const int FailuresAtFirst = 3;

    /// <summary>Characters of a server's own message that are passed on.</summary>
    private const int MessageLength = 300;

    private readonly TaskSpec _task;
    private readonly ChatTeacherSettings _settings;
    private readonly PromptTemplate _prompt;
    private readonly Lazy<IChatClient> _client;
    private readonly ChatRetries _retries;
    private readonly Func<Exception, RequestFailure?> _explain;
    private readonly TimeProvider _time;
    private readonly Random _chance;
    private int _failures;
    private bool _answered;

    /// <summary>Creates the teacher. Nothing is sent yet.</summary>
    /// <param name="task">What a label is.</param>
    /// <param name="settings">Whom to ask, and how.</param>
    /// <param name="demonstrations">Worked examples for the prompt; may be empty.</param>
    /// <param name="connect">
    /// Makes the client, which is disposed with the teacher. Called at the first question, so that keys are known and stored
    /// answers found without any server or credential.
    /// </param>
    /// <param name="retries">What to do about failed requests.</param>
    /// <param name="explain">
    /// Reads exceptions of the provider's own kind; null for others. <see cref="HttpRequestException"/> is understood anyway.
    /// </param>
    /// <param name="time">The clock; the system's where missing.</param>
    /// <exception cref="StepDistillException">The format is unknown or a demonstration cannot be used.</exception>
    public ChatTeacher(
        TaskSpec task, ChatTeacherSettings settings, IReadOnlyList<Demonstration> demonstrations, Func<IChatClient> connect,
        ChatRetries? retries = null, Func<Exception, RequestFailure?>? explain = null, TimeProvider? time = null)
    {
        (_task, _settings) = (task, settings);
        _prompt = new PromptTemplate(task, settings.Format, demonstrations);
        _client = new Lazy<IChatClient>(connect);
        _retries = retries ?? new ChatRetries();
        _explain = explain ?? (_ => null);
        _time = time ?? TimeProvider.System;
        _chance = new Random(_retries.Seed);
        Answers = [this];
    }

    /// <summary>Creates the teacher that a recipe asks for, and reads its file of demonstrations where it names one.</summary>
    /// <param name="task">What a label is.</param>
    /// <param name="section">The section <c>teacher</c>.</param>
    /// <param name="connect">Makes the client at the first question.</param>
    /// <param name="explain">Reads exceptions of the provider's own kind; null for others.</param>
    /// <param name="time">The clock; the system's where missing.</param>
    /// <param name="cancellation">Stops the reading.</param>
    /// <exception cref="StepDistillException">The format is unknown, or the file of demonstrations cannot be used.</exception>
    public static async Task<ChatTeacher> OpenAsync(
        TaskSpec task, TeacherSection section, Func<IChatClient> connect, Func<Exception, RequestFailure?>? explain = null,
        TimeProvider? time = null, CancellationToken cancellation = default)
    {
        IReadOnlyList<Demonstration> demonstrations = section.Demonstrations is { } path
            ? await Demonstration.ReadAsync(task, path, cancellation).ConfigureAwait(false)
            : [];
        var settings = new ChatTeacherSettings
        {
            Endpoint = section.Endpoint ?? section.Provider,
            Model = section.Model ?? throw new StepDistillException(
                "teacher.model is missing; with teacher.name 'chat' it must name the model to ask."),
            Format = section.Format ?? task.ReplyFormat,
            Temperature = section.Temperature,
            MaxTokens = section.MaxTokens,
        };
        var first = Sample(0);
        first.Answers = [first, .. Enumerable.Range(1, section.Samples - 1).Select(Sample)];
        return first;

        ChatTeacher Sample(int number) =>
            new(task, settings with { Sample = number }, demonstrations, connect, explain: explain, time: time);
    }

    /// <inheritdoc/>
    /// <remarks>The others are disposed with the first.</remarks>
    public IReadOnlyList<ITeacher> Answers { get; private set; }

    /// <summary>The model's name.</summary>
    public string Name => _settings.Model;

    /// <inheritdoc/>
    public string KeyOf(Example example) => AnnotationKey.OfChat(_task, _settings, example, _prompt.Render(example));

    /// <inheritdoc/>
    /// <exception cref="StepDistillException">
    /// The server refuses the credential or does not know the model or address (401, 402, 403, 404), the first questions all
    /// failed, or too many in a row did.
    /// </exception>
    public async Task<Annotation> AnswerAsync(Example example, CancellationToken cancellation = default)
    {
        var messages = _prompt.Render(example);
        var annotation = new Annotation
        {
            Key = AnnotationKey.OfChat(_task, _settings, example, messages),
            ExampleId = example.Id,
            Teacher = Name,
            Status = AnnotationStatus.Failed,
            Reply = "",
            Sample = _settings.Sample,
        };
        for (var attempt = 1; ; attempt++)
        {
            var started = _time.GetTimestamp();
            try
            {
                var response = await AskAsync(messages, cancellation).ConfigureAwait(false);
                Volatile.Write(ref _answered, true);
                Interlocked.Exchange(ref _failures, 0);
                return Read(annotation with { Latency = _time.GetElapsedTime(started), At = _time.GetUtcNow() }, example, response);
            }
            catch (Exception e) when (e is not StepDistillException && !cancellation.IsCancellationRequested)
            {
                var (fault, passing, wait) = Judge(e);
                if (!passing || attempt >= _retries.Attempts)
                {
                    StopIfHopeless(fault);
                    return annotation with
                    {
                        Fault = fault,
                        Latency = _time.GetElapsedTime(started),
                        At = _time.GetUtcNow(),
                    };
                }

                await Task.Delay(Wait(attempt, wait), _time, cancellation).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Disposes the clients that were made.</summary>
    public void Dispose()
    {
        foreach (var other in Answers.Skip(1).OfType<IDisposable>())
        {
            other.Dispose();
        }

        if (_client.IsValueCreated)
        {
            _client.Value.Dispose();
        }
    }

    private async Task<ChatResponse> AskAsync(IReadOnlyList<ChatMessage> messages, CancellationToken cancellation)
    {
        using var limit = new CancellationTokenSource(_retries.Timeout, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellation);
        var options = new ChatOptions
        {
            ModelId = _settings.Model,
            Temperature = (float)_settings.Temperature,
            MaxOutputTokens = _settings.MaxTokens,
        };
        try
        {
            return await _client.Value.GetResponseAsync(messages, options, either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException e) when (!cancellation.IsCancellationRequested)
        {
            throw new TimeoutException($"no answer came within {_retries.Timeout.TotalSeconds:0} seconds", e);
        }
    }

    private Annotation Read(Annotation annotation, Example example, ChatResponse response)
    {
        annotation = annotation with
        {
            Reply = response.Text,
            InputTokens = response.Usage?.InputTokenCount,
            OutputTokens = response.Usage?.OutputTokenCount,
        };
        if (Refusal(response) is { } refusal)
        {
            return annotation with { Status = AnnotationStatus.Refused, Fault = refusal };
        }

        var reply = ReplyReader.Read(
            _task, _settings.Format, example, response.Text, response.FinishReason == ChatFinishReason.Length);
        return annotation with
        {
            Status = reply.Status,
            Label = reply.Label,
            Rationale = reply.Rationale,
            Fault = reply.Fault,
        };
    }

    /// <summary>Why the teacher declined; null where it did not. Providers say so apart from the text.</summary>
    private static string? Refusal(ChatResponse response)
    {
        if (response.FinishReason == ChatFinishReason.ContentFilter)
        {
            return "The provider's content filter stopped the reply.";
        }

        var refusal = response.Messages.SelectMany(message => message.Contents).OfType<ErrorContent>()
            .FirstOrDefault(error => error.ErrorCode == "Refusal");
        return refusal is null ? null : $"The model declined: {Shortened(refusal.Message)}";
    }

    /// <summary>What a failed request means: what to write down, whether another try may help, and how long the server asks to wait.</summary>
    private (string Fault, bool Passing, TimeSpan? Wait) Judge(Exception e)
    {
        var failure = _explain(e) ?? (e is HttpRequestException { StatusCode: { } code } ? new RequestFailure((int)code) : null);
        return failure?.Status switch
        {
            // The server's own text may repeat the key, and so may an inner exception: neither is passed on.
            401 or 403 => throw new StepDistillException(
                $"{Server} refuses the credential ({failure.Status}), so no question can succeed. Check that the environment "
                + "variable that teacher.key_variable names holds a valid key that may use this model. "
                + "Answers that have arrived are stored."),
            402 => throw new StepDistillException(
                $"{Server} asks for payment (402), so no question can succeed. Top up the account, then run the same command "
                + "again: it goes on where it stopped."),
            404 => throw new StepDistillException(
                $"{Server} does not know the model or the address (404), so no question can succeed. Check teacher.model and "
                + $"teacher.endpoint; the server says: {Shortened(e.Message)}"),
            408 or 425 or 429 or >= 500 => ($"The server answered {failure.Status}: {Shortened(e.Message)}", true, failure.RetryAfter),
            { } status => ($"The server refused the question ({status}): {Shortened(e.Message)}", false, null),
            null => ($"The request failed: {Shortened(e.Message)}",
                failure is not null || e is HttpRequestException or IOException or TimeoutException or JsonException, failure?.RetryAfter),
        };
    }

    /// <summary>Ends the run where question after question fails, rather than to fail them all.</summary>
    private void StopIfHopeless(string fault)
    {
        var failures = Interlocked.Increment(ref _failures);
        var answered = Volatile.Read(ref _answered);
        if (failures >= (answered ? _retries.FailuresInARow : Math.Min(FailuresAtFirst, _retries.FailuresInARow)))
        {
            throw new StepDistillException(
                $"The {(answered ? "last" : "first")} {failures} questions to {Server} all failed. {fault} Check that the server "
                + "runs and that teacher.endpoint and teacher.model are right, then run the same command again: answers that "
                + "have arrived are stored.");
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
        wait = asked > wait ? asked.Value : wait;
        return wait < _retries.LongestWait ? wait : _retries.LongestWait;
    }

    private string Server => $"The server {_settings.Endpoint} (model {_settings.Model})";

    private static string Shortened(string message)
    {
        var line = message.ReplaceLineEndings(" ").Trim();
        return (line.Length > MessageLength ? line[..MessageLength] + "…" : line).TrimEnd('.') + ".";
    }
}
