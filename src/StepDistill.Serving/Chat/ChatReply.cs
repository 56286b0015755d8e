using StepDistill.Inference;

namespace StepDistill.Serving.Chat;

/// <summary>What all parts of one reply share.</summary>
/// <param name="id">What tells the request from others.</param>
/// <param name="created">When, in seconds since 1970.</param>
/// <param name="student">Who answers.</param>
internal sealed class ChatReply(string id, long created, StudentDescription student)
{
    private readonly string _id = $"chatcmpl-{id.Replace(":", "", StringComparison.Ordinal)}";

    /// <summary>The whole reply.</summary>
    public ChatCompletion Whole(IStudentClassifier counting, StudentAnswer answer, ChatReading asked) => new(
        _id, "chat.completion", created, student.Name, student.Version,
        [
            new(
                0,
                new("assistant", ChatContent.Of(answer, asked.Form), asked.Reasons ? answer.Rationale : null),
                ChatContent.Logprobs(answer, asked.TopLogprobs),
                "stop"),
        ],
        ChatContent.Usage(counting, answer, answer.Rationale));

    /// <summary>A piece of a streamed reply.</summary>
    public ChatChunk Piece(ChatDelta delta, ChatLogprobs? logprobs = null, string? finish = null) => new(
        _id, "chat.completion.chunk", created, student.Name, student.Version, [new(0, delta, logprobs, finish)], null);

    /// <summary>The last piece, which tells the usage.</summary>
    public ChatChunk Last(ChatUsage usage) => new(_id, "chat.completion.chunk", created, student.Name, student.Version, [], usage);
}
