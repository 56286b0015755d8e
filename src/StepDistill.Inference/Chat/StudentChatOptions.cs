using Microsoft.Extensions.AI;

namespace StepDistill.Inference.Chat;

/// <summary>What a student is asked when it stands where a chat model stood, and what it replies.</summary>
public sealed record StudentChatOptions
{
    /// <summary>
    /// Whether replies begin with the student's reasons: <c>reasons, a line's end, Answer: LABEL</c>. Costs many times the label.
    /// Default: false; the reply is the label.
    /// </summary>
    public bool Rationales { get; init; }

    /// <summary>
    /// Gives the question for a call; null where there is none. Default: the text of the last message of the user. A student
    /// reads no conversation: what it must know belongs into the input, as its task's template writes it.
    /// </summary>
    public Func<IReadOnlyList<ChatMessage>, StudentQuestion?> Question { get; init; } =
        messages => messages.LastOrDefault(message => message.Role == ChatRole.User)?.Text is { } text ? new StudentQuestion(text) : null;

    /// <summary>The clock. Default: the system's.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;
}
