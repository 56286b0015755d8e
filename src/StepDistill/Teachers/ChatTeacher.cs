using System.Runtime.CompilerServices;
using Microsoft.Extensions.AI;
using StepDistill.Annotations;
using StepDistill.Recipes;
using StepDistill.Tasks;
using StepDistill.Teachers.Prices;
using StepDistill.Teachers.Prompts;
using StepDistill.Teachers.Redaction;
using StepDistill.Teachers.Requests;

namespace StepDistill.Teachers;

/// <summary>A chat model that is asked, with worked examples, for reasons and an answer.</summary>
/// <remarks>
/// Requests that fail for a while are sent again (see <see cref="ChatRequests"/>); where that does not help, the
/// answer has the status Failed. A client given to this class should not retry by itself. Safe for use by several threads
/// at once.
/// </remarks>
public sealed class ChatTeacher : ITeacher, IDisposable
{
    private readonly TaskSpec _task;
    private readonly ChatTeacherSettings _settings;
    private readonly PromptTemplate _prompt;
    private readonly ChatRequests _requests;
    private readonly SchemaProbe _probe;
    private readonly Func<string, string>? _redact;

    /// <summary>Demonstrations are the same messages in every prompt, and are redacted once.</summary>
    private readonly ConditionalWeakTable<ChatMessage, ChatMessage> _redacted;

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
    /// <param name="gate">What requests must pass, to be disposed with the teacher; one that lets all pass where missing.</param>
    /// <param name="price">What the model's tokens cost; null where not known.</param>
    /// <param name="redact">
    /// Takes out of a text what must not leave the machine; null sends texts as they are. It sees every message but the
    /// instruction, which is ours. What it returns is sent, hashed and so part of the key: two rows that become the same
    /// text share an answer.
    /// </param>
    /// <exception cref="StepDistillException">The format is unknown or a demonstration cannot be used.</exception>
    public ChatTeacher(
        TaskSpec task, ChatTeacherSettings settings, IReadOnlyList<Demonstration> demonstrations, Func<IChatClient> connect,
        ChatRetries? retries = null, Func<Exception, RequestFailure?>? explain = null, TimeProvider? time = null,
        RequestGate? gate = null, ModelPrice? price = null, Func<string, string>? redact = null)
    {
        (_task, _settings, _prompt) = (task, settings, new PromptTemplate(task, settings.Format, demonstrations, settings.Prompt));
        _requests = new ChatRequests(
            $"The server {settings.Endpoint} (model {settings.Model})", connect, gate ?? new RequestGate(time: time), price,
            retries ?? new ChatRetries(), explain ?? (_ => null), time ?? TimeProvider.System);
        _probe = new SchemaProbe(_requests, settings);
        (_redact, _redacted, Price) = (redact, [], price);
        Answers = [this];
    }

    /// <summary>Another answer of the same teacher.</summary>
    private ChatTeacher(ChatTeacher first, int sample)
    {
        (_task, _settings, _prompt, _requests) = (first._task, first._settings with { Sample = sample }, first._prompt, first._requests);
        (_redact, _redacted, _probe, Price) = (first._redact, first._redacted, first._probe, first.Price);
        Answers = [this];
    }

    /// <summary>Creates the teacher that a recipe asks for, and reads its file of demonstrations where it names one.</summary>
    /// <param name="task">What a label is.</param>
    /// <param name="section">The section <c>teacher</c>.</param>
    /// <param name="connect">Makes the client at the first question.</param>
    /// <param name="explain">Reads exceptions of the provider's own kind; null for others.</param>
    /// <param name="time">The clock; the system's where missing.</param>
    /// <param name="gate">What requests must pass; one with the section's limits where missing.</param>
    /// <param name="price">What the model's tokens cost; null where not known.</param>
    /// <param name="retries">What to do about failed requests; what the section says where missing.</param>
    /// <param name="redact">Takes out of a text what must not leave the machine, after what the section's <c>redact</c> says.</param>
    /// <param name="cancellation">Stops the reading.</param>
    /// <exception cref="StepDistillException">The format is unknown, or the file of demonstrations cannot be used.</exception>
    public static async Task<ChatTeacher> OpenAsync(
        TaskSpec task, TeacherSection section, Func<IChatClient> connect, Func<Exception, RequestFailure?>? explain = null,
        TimeProvider? time = null, RequestGate? gate = null, ModelPrice? price = null, ChatRetries? retries = null,
        Func<string, string>? redact = null,
        CancellationToken cancellation = default)
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
            Prompt = PromptSettings.From(section),
            Temperature = section.Temperature,
            MaxTokens = section.MaxTokens,
        };
        var first = new ChatTeacher(
            task, settings, demonstrations, connect, retries ?? new() { Timeout = TimeSpan.FromSeconds(section.TimeoutSeconds) },
            explain, time, gate ?? GateOf(section, time), price, RedactionOf(section, redact));
        first.Answers = [first, .. Enumerable.Range(1, section.Samples - 1).Select(sample => new ChatTeacher(first, sample))];
        return first;
    }

    private static Func<string, string>? RedactionOf(TeacherSection section, Func<string, string>? further)
    {
        if (section.Redact is not { Count: > 0 } settings)
        {
            return further;
        }

        var redactor = Redactor.From(settings);
        return further is null ? redactor.Redact : text => further(redactor.Redact(text));
    }

    /// <summary>A gate with the limits of a recipe.</summary>
    /// <param name="section">The section <c>teacher</c>.</param>
    /// <param name="time">The clock; the system's where missing.</param>
    /// <param name="maxCost">Dollars that may be spent in all.</param>
    public static RequestGate GateOf(TeacherSection section, TimeProvider? time = null, decimal? maxCost = null) =>
        new(new RateLimits(section.RequestsPerMinute, section.TokensPerMinute), maxCost, time);

    /// <summary>What requests pass: how much was spent, and whether anything is sent at the moment.</summary>
    public RequestGate Gate => _requests.Gate;

    /// <summary>What the model's tokens cost; null where not known.</summary>
    public ModelPrice? Price { get; }

    /// <summary>The messages that a question about an example consists of. Nothing is sent.</summary>
    /// <param name="example">An example whose input is known.</param>
    public IReadOnlyList<ChatMessage> PromptFor(Example example) => Messages(example, _settings.Prompt.Output == ReplyOutput.Json);

    /// <inheritdoc/>
    public IReadOnlyList<ITeacher> Answers { get; private set; }

    /// <summary>The model's name; where it is asked for reasons only, that the label was given to it, so that nobody counts it as its own.</summary>
    public string Name => _settings.Prompt.Rationale == RationaleOrder.ForGold ? $"{_settings.Model} (given the gold label)" : _settings.Model;

    /// <inheritdoc/>
    public IReadOnlyList<string> Notes => _probe.Notes;

    /// <inheritdoc/>
    public bool CanAnswer(Example example) => _prompt.CanAsk(example);

    /// <inheritdoc/>
    public string KeyOf(Example example) => AnnotationKey.OfChat(
        _task, _settings, example,
        _settings.Prompt.Output == ReplyOutput.Auto
            ? Messages(example, isJson: false).Concat(Messages(example, isJson: true))
            : Messages(example, _settings.Prompt.Output == ReplyOutput.Json),
        _settings.Prompt.Output == ReplyOutput.Text ? null : _prompt.SchemaFor(example));

    /// <summary>What would be sent about an example; nothing is.</summary>
    /// <param name="example">An example that <see cref="CanAnswer"/> allows.</param>
    /// <returns>One question; where a probe decides between two, the one in JSON and then the one in text.</returns>
    /// <exception cref="StepDistillException">The format needs a premise and a hypothesis, and the example has none.</exception>
    public IReadOnlyList<ChatQuestion> QuestionsAbout(Example example) => _settings.Prompt.Output switch
    {
        ReplyOutput.Text => [Question(example, isJson: false)],
        ReplyOutput.Json => [Question(example, isJson: true)],
        _ => [Question(example, isJson: true), Question(example, isJson: false)],
    };

    /// <inheritdoc/>
    /// <exception cref="StepDistillException">
    /// The server refuses the credential or does not know the model or address (401, 403, 404), the first questions all
    /// failed, too many in a row did, or the limit of dollars is reached.
    /// </exception>
    public async Task<Annotation> AnswerAsync(Example example, CancellationToken cancellation = default)
    {
        var annotation = Unanswered(example);
        var isJson = _settings.Prompt.Output == ReplyOutput.Json;
        if (_settings.Prompt.Output == ReplyOutput.Auto)
        {
            var (isEnforced, probed) = await _probe.AskAsync(cancellation).ConfigureAwait(false);
            if (isEnforced is not { } known)
            {
                return annotation with { Latency = probed!.Latency, At = probed.At, Fault = probed.Fault };
            }

            isJson = known;
        }

        var question = Question(example, isJson);
        var outcome = await _requests.SendAsync(question.Messages, question.Options, cancellation).ConfigureAwait(false);
        annotation = annotation with { Latency = outcome.Latency, At = outcome.At };
        return outcome.Response is { } response
            ? Read(annotation with { Price = outcome.Cost }, example, response, isJson)
            : annotation with { Fault = outcome.Fault };
    }

    /// <summary>What is sent about an example in a batch, where nothing can be probed first: <c>auto</c> asks for text.</summary>
    /// <param name="example">An example that <see cref="CanAnswer"/> allows.</param>
    internal ChatQuestion BatchQuestion(Example example) => Question(example, _settings.Prompt.Output == ReplyOutput.Json);

    /// <summary>The annotation of an example as long as there is no reply: its key, and whose question it is.</summary>
    /// <param name="example">An example that <see cref="CanAnswer"/> allows.</param>
    internal Annotation Unanswered(Example example) => new()
    {
        Key = KeyOf(example),
        ExampleId = example.Id,
        Teacher = Name,
        Status = AnnotationStatus.Failed,
        Reply = "",
        Sample = _settings.Sample,
    };

    /// <summary>Disposes the client, if it was made, and the gate: the other answers share them.</summary>
    public void Dispose()
    {
        _probe.Dispose();
        _requests.Dispose();
    }

    private ChatQuestion Question(Example example, bool isJson)
    {
        var options = new ChatOptions
        {
            ModelId = _settings.Model,
            Temperature = (float)_settings.Temperature,
            MaxOutputTokens = _settings.MaxTokens,
            StopSequences = _prompt.StopSequences is { Count: > 0 } stop ? [.. stop] : null,
        };
        if (isJson)
        {
            SchemaRequest.Add(options, _prompt.SchemaFor(example));
        }

        return new ChatQuestion(isJson, Messages(example, isJson), options);
    }

    /// <summary>The prompt as it is sent and hashed.</summary>
    private IReadOnlyList<ChatMessage> Messages(Example example, bool isJson)
    {
        var messages = _prompt.Render(example, isJson);
        return _redact is null ? messages : [.. messages.Select(message => _redacted.GetValue(message, Redacted))];
    }

    private ChatMessage Redacted(ChatMessage message) =>
        message.Role == ChatRole.System ? message : new ChatMessage(message.Role, _redact!(message.Text));

    /// <summary>What a reply says, whichever way it came.</summary>
    /// <param name="annotation">What is known about the question.</param>
    /// <param name="example">What was asked about.</param>
    /// <param name="response">The reply.</param>
    /// <param name="isJson">Whether JSON was asked for.</param>
    internal Annotation Read(Annotation annotation, Example example, ChatResponse response, bool isJson)
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

        var reply = _prompt.Read(example, response.Text, response.FinishReason == ChatFinishReason.Length, isJson);
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
        return refusal is null ? null : $"The model declined: {ChatRequests.Shortened(refusal.Message)}";
    }
}
