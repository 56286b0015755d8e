using Microsoft.Extensions.AI;
using StepDistill.Annotations;
using StepDistill.Recipes;
using StepDistill.Tasks;
using StepDistill.Teachers.Prices;
using StepDistill.Teachers.Replies;
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
    /// <exception cref="StepDistillException">The format is unknown or a demonstration cannot be used.</exception>
    public ChatTeacher(
        TaskSpec task, ChatTeacherSettings settings, IReadOnlyList<Demonstration> demonstrations, Func<IChatClient> connect,
        ChatRetries? retries = null, Func<Exception, RequestFailure?>? explain = null, TimeProvider? time = null,
        RequestGate? gate = null, ModelPrice? price = null)
        : this(task, settings, new PromptTemplate(task, settings.Format, demonstrations), new ChatRequests(
            $"The server {settings.Endpoint} (model {settings.Model})", connect, gate ?? new RequestGate(time: time), price,
            retries ?? new ChatRetries(), explain ?? (_ => null), time ?? TimeProvider.System))
    {
    }

    private ChatTeacher(TaskSpec task, ChatTeacherSettings settings, PromptTemplate prompt, ChatRequests requests)
    {
        (_task, _settings, _prompt, _requests) = (task, settings, prompt, requests);
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
    /// <param name="cancellation">Stops the reading.</param>
    /// <exception cref="StepDistillException">The format is unknown, or the file of demonstrations cannot be used.</exception>
    public static async Task<ChatTeacher> OpenAsync(
        TaskSpec task, TeacherSection section, Func<IChatClient> connect, Func<Exception, RequestFailure?>? explain = null,
        TimeProvider? time = null, RequestGate? gate = null, ModelPrice? price = null, CancellationToken cancellation = default)
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
        var first = new ChatTeacher(
            task, settings, demonstrations, connect, explain: explain, time: time, gate: gate ?? GateOf(section, time), price: price);
        first.Answers = [first, .. Enumerable.Range(1, section.Samples - 1).Select(
            sample => new ChatTeacher(task, settings with { Sample = sample }, first._prompt, first._requests))];
        return first;
    }

    /// <summary>A gate with the limits of a recipe.</summary>
    /// <param name="section">The section <c>teacher</c>.</param>
    /// <param name="time">The clock; the system's where missing.</param>
    /// <param name="maxCost">Dollars that may be spent in all.</param>
    public static RequestGate GateOf(TeacherSection section, TimeProvider? time = null, decimal? maxCost = null) =>
        new(new RateLimits(section.RequestsPerMinute, section.TokensPerMinute), maxCost, time);

    /// <summary>What requests pass: how much was spent, and whether anything is sent at the moment.</summary>
    public RequestGate Gate => _requests.Gate;

    /// <inheritdoc/>
    public IReadOnlyList<ITeacher> Answers { get; private set; }

    /// <summary>The model's name.</summary>
    public string Name => _settings.Model;

    /// <inheritdoc/>
    public string KeyOf(Example example) => AnnotationKey.OfChat(_task, _settings, example, _prompt.Render(example));

    /// <inheritdoc/>
    /// <exception cref="StepDistillException">
    /// The server refuses the credential or does not know the model or address (401, 403, 404), the first questions all
    /// failed, too many in a row did, or the limit of dollars is reached.
    /// </exception>
    public async Task<Annotation> AnswerAsync(Example example, CancellationToken cancellation = default)
    {
        var question = Question(example);
        var outcome = await _requests.SendAsync(question.Messages, question.Options, cancellation).ConfigureAwait(false);
        var annotation = question.Unanswered with { Latency = outcome.Latency, At = outcome.At };
        return outcome.Response is { } response
            ? Read(annotation, example, response)
            : annotation with { Fault = outcome.Fault };
    }

    /// <summary>Disposes the client, if it was made, and the gate: the other answers share them.</summary>
    public void Dispose() => _requests.Dispose();

    /// <summary>All that is sent to ask about an example, whichever way it is sent.</summary>
    /// <param name="example">An example that <see cref="ITeacher.CanAnswer"/> allows.</param>
    internal ChatQuestion Question(Example example)
    {
        var messages = _prompt.Render(example);
        return new ChatQuestion(
            messages,
            new ChatOptions
            {
                ModelId = _settings.Model,
                Temperature = (float)_settings.Temperature,
                MaxOutputTokens = _settings.MaxTokens,
            },
            new Annotation
            {
                Key = AnnotationKey.OfChat(_task, _settings, example, messages),
                ExampleId = example.Id,
                Teacher = Name,
                Status = AnnotationStatus.Failed,
                Reply = "",
                Sample = _settings.Sample,
            });
    }

    /// <summary>What a reply says, whichever way it came.</summary>
    /// <param name="annotation">What is known about the question.</param>
    /// <param name="example">What was asked about.</param>
    /// <param name="response">The reply.</param>
    internal Annotation Read(Annotation annotation, Example example, ChatResponse response)
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
        return refusal is null ? null : $"The model declined: {ChatRequests.Shortened(refusal.Message)}";
    }
}
