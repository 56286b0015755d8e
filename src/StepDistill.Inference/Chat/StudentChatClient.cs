using System.Runtime.CompilerServices;
using System.Text;
using Microsoft.Extensions.AI;

namespace StepDistill.Inference.Chat;

/// <summary>A student where a chat model stood: the input is the last message of the user, the reply is the label.</summary>
/// <remarks>
/// <para>
/// A response's <c>AdditionalProperties</c> hold <c>confidence</c>, <c>probabilities</c> (a JSON object by label), <c>cut</c>
/// and, where the student knows it, <c>familiarity</c>; its raw representation is the <see cref="StudentAnswer"/>. Usage counts
/// tokens as the student reads them.
/// </para>
/// <para>
/// With a response format of JSON, with or without a schema, the reply is <c>{"label":…,"confidence":…,"rationale":…}</c>; the
/// rationale is null unless <see cref="StudentChatOptions.Rationales"/> is set. Whatever else <see cref="ChatOptions"/> ask for
/// is ignored, for a student cannot do it: tools, instructions, temperature, seeds, limits of tokens, other models.
/// </para>
/// <para>
/// Disposing leaves the student to its owner. Safe for use by any number of threads at once; a student computes on a thread
/// of the pool, not on the caller's.
/// </para>
/// </remarks>
public sealed class StudentChatClient : IChatClient
{
    private readonly IStudentClassifier _student;
    private readonly StudentChatOptions _options;
    private readonly ChatClientMetadata _metadata;

    /// <summary>Puts a student where a chat model stood.</summary>
    /// <param name="student">The student; it stays its owner's.</param>
    /// <param name="options">What it is asked and what it replies; null for the defaults.</param>
    /// <exception cref="StepDistillException">Reasons are wanted of a student that was not trained to give them.</exception>
    public StudentChatClient(IStudentClassifier student, StudentChatOptions? options = null)
    {
        (_student, _options) = (student, options ?? new StudentChatOptions());
        _metadata = new ChatClientMetadata("stepdistill", providerUri: null, student.Description.Name);
        if (_options.Rationales && !student.Description.GivesRationales)
        {
            throw new StepDistillException(
                $"Replies are to begin with reasons, and the student '{student.Description.Name}' was not trained to give any; "
                + $"leave out {nameof(StudentChatOptions)}.{nameof(StudentChatOptions.Rationales)}, or train a student with an arm that explains.");
        }
    }

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">The messages hold no question.</exception>
    public async Task<ChatResponse> GetResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
    {
        var reply = await AnswerAsync(Question(messages), _options.Rationales, options, cancellationToken).ConfigureAwait(false);
        return new ChatResponse(new ChatMessage(ChatRole.Assistant, reply.Text) { RawRepresentation = reply.Answer })
        {
            ModelId = _student.Description.ModelId,
            CreatedAt = _options.Time.GetUtcNow(),
            FinishReason = ChatFinishReason.Stop,
            Usage = reply.Usage(_student),
            AdditionalProperties = reply.Properties(),
            RawRepresentation = reply.Answer,
        };
    }

    /// <inheritdoc/>
    /// <remarks>Reasons come piece by piece, then the label; without reasons, and as JSON, the reply is one piece.</remarks>
    /// <exception cref="ArgumentException">The messages hold no question.</exception>
    public async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var question = Question(messages);
        var piecewise = _options.Rationales && !StudentReply.IsJson(options);
        var reasons = new StringBuilder();
        if (piecewise)
        {
            await foreach (var piece in TrimmedAsync(_student.ExplainAsync(question, cancellationToken)).ConfigureAwait(false))
            {
                reasons.Append(piece);
                yield return Update(piece, _metadata.DefaultModelId);
            }
        }

        var reply = await AnswerAsync(question, _options.Rationales && !piecewise, options, cancellationToken).ConfigureAwait(false);
        reply = piecewise ? reply.With(reasons.ToString()) : reply;
        var last = Update(reply.Text[reasons.Length..], _student.Description.ModelId);
        last.Contents.Add(new UsageContent(reply.Usage(_student)));
        last.FinishReason = ChatFinishReason.Stop;
        last.AdditionalProperties = reply.Properties();
        last.RawRepresentation = reply.Answer;
        yield return last;
    }

    /// <inheritdoc/>
    /// <remarks>Gives the student, its <see cref="StudentDescription"/>, <see cref="ChatClientMetadata"/> and this client itself.</remarks>
    public object? GetService(Type serviceType, object? serviceKey = null) =>
        serviceKey is not null ? null
        : serviceType == typeof(ChatClientMetadata) ? _metadata
        : serviceType == typeof(StudentDescription) ? _student.Description
        : serviceType.IsInstanceOfType(this) ? this
        : serviceType.IsInstanceOfType(_student) ? _student
        : null;

    /// <summary>Does nothing: the student stays its owner's.</summary>
    public void Dispose()
    {
    }

    /// <summary>Pieces without the white space around the whole: what ends a piece waits until something follows it.</summary>
    private static async IAsyncEnumerable<string> TrimmedAsync(IAsyncEnumerable<string> pieces)
    {
        var (begun, held) = (false, "");
        await foreach (var piece in pieces.ConfigureAwait(false))
        {
            var text = begun ? held + piece : piece.TrimStart();
            var told = text.TrimEnd();
            held = text[told.Length..];
            begun |= told.Length > 0;
            if (told.Length > 0)
            {
                yield return told;
            }
        }
    }

    private StudentQuestion Question(IEnumerable<ChatMessage> messages)
    {
        var list = messages as IReadOnlyList<ChatMessage> ?? [.. messages];
        var question = _options.Question(list);
        return !string.IsNullOrWhiteSpace(question?.Input) ? question : throw new ArgumentException(
            $"{list.Count} messages hold no question for the student; the last message of the user must have text, "
            + $"or {nameof(StudentChatOptions)}.{nameof(StudentChatOptions.Question)} must give one.", nameof(messages));
    }

    private async Task<StudentReply> AnswerAsync(StudentQuestion question, bool withRationales, ChatOptions? options, CancellationToken cancellation)
    {
        // Off the caller's thread, which may be the one of a window or of a request.
        var answers = await Task.Run(() => _student.Classify([question], withRationales, cancellation), cancellation).ConfigureAwait(false);
        return new StudentReply(_student.Description, answers[0], StudentReply.IsJson(options), _options.Rationales);
    }

    private ChatResponseUpdate Update(string text, string? model) =>
        new(ChatRole.Assistant, text) { ModelId = model, CreatedAt = _options.Time.GetUtcNow() };
}
