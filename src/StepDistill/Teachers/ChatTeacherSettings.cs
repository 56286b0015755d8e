using StepDistill.Teachers.Prompts;

namespace StepDistill.Teachers;

/// <summary>Whom a <see cref="ChatTeacher"/> asks, and how. Unlike <see cref="Requests.ChatRetries"/>, all of it is part of an annotation's key.</summary>
public sealed record ChatTeacherSettings
{
    /// <summary>Whose model it is, such as the server's address without keys: two servers may give one name to two models.</summary>
    public required string Endpoint { get; init; }

    /// <summary>The model's name at the provider.</summary>
    public required string Model { get; init; }

    /// <summary>How the prompt is written and the reply is read: one of <see cref="Replies.ReplyReader.Formats"/>.</summary>
    public required string Format { get; init; }

    /// <summary>How the prompt is formed besides. Default: a chat in text with the reasons first.</summary>
    public PromptSettings Prompt { get; init; } = new();

    /// <summary>Sampling temperature, from 0 to 2. Default: 0.</summary>
    public double Temperature { get; init; }

    /// <summary>Tokens a reply may have. Default: 512.</summary>
    public int MaxTokens { get; init; } = 512;

    /// <summary>Which of several answers to the same question this teacher gives, from 0. Default: 0.</summary>
    public int Sample { get; init; }
}
