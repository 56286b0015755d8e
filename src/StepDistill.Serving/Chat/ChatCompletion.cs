using System.Text.Json.Serialization;

namespace StepDistill.Serving.Chat;

/// <summary>A whole reply, in OpenAI's form.</summary>
internal sealed record ChatCompletion(
    string Id,
    string Object,
    long Created,
    string Model,
    [property: JsonPropertyName("system_fingerprint")] string SystemFingerprint,
    IReadOnlyList<ChatChoice> Choices,
    ChatUsage Usage);

/// <summary>The one reply.</summary>
internal sealed record ChatChoice(
    int Index,
    ChatMessage Message,
    ChatLogprobs? Logprobs,
    [property: JsonPropertyName("finish_reason")] string FinishReason);

/// <summary>Its message.</summary>
internal sealed record ChatMessage(
    string Role,
    string Content,
    [property: JsonPropertyName("reasoning_content")] string? ReasoningContent,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] string? Refusal = null);

/// <summary>A piece of a reply that is streamed.</summary>
internal sealed record ChatChunk(
    string Id,
    string Object,
    long Created,
    string Model,
    [property: JsonPropertyName("system_fingerprint")] string SystemFingerprint,
    IReadOnlyList<ChatChunkChoice> Choices,
    ChatUsage? Usage);

/// <summary>What is new in it.</summary>
internal sealed record ChatChunkChoice(
    int Index,
    ChatDelta Delta,
    ChatLogprobs? Logprobs,
    [property: JsonPropertyName("finish_reason"), JsonIgnore(Condition = JsonIgnoreCondition.Never)] string? FinishReason);

/// <summary>The new part of the message.</summary>
internal sealed record ChatDelta(
    string? Role,
    string? Content,
    [property: JsonPropertyName("reasoning_content")] string? ReasoningContent);

/// <summary>Tokens read and written.</summary>
internal sealed record ChatUsage(
    [property: JsonPropertyName("prompt_tokens")] int PromptTokens,
    [property: JsonPropertyName("completion_tokens")] int CompletionTokens,
    [property: JsonPropertyName("total_tokens")] int TotalTokens);

/// <summary>Log probabilities of the content.</summary>
internal sealed record ChatLogprobs(IReadOnlyList<ChatTokenLogprob> Content);

/// <summary>A label's log probability, as if the label were one token.</summary>
internal sealed record ChatTokenLogprob(
    string Token,
    double Logprob,
    [property: JsonPropertyName("top_logprobs")] IReadOnlyList<ChatTopLogprob> TopLogprobs);

/// <summary>Another label's.</summary>
internal sealed record ChatTopLogprob(string Token, double Logprob);
