using System.Text.Json;
using StepDistill.Serving.Http;

namespace StepDistill.Serving.Chat;

/// <summary>What a body of <c>POST /v1/chat/completions</c> asks.</summary>
internal sealed record ChatReading
{
    /// <summary>The model's name.</summary>
    public required string Model { get; init; }

    /// <summary>The input: the last message of role <c>user</c>.</summary>
    public required string Input { get; init; }

    /// <summary>Whether to answer piece by piece.</summary>
    public bool Stream { get; init; }

    /// <summary>Whether the stream's last chunk tells the usage.</summary>
    public bool StreamUsage { get; init; }

    /// <summary>Whether reasons are wanted beside the content.</summary>
    public bool Reasons { get; init; }

    /// <summary>How the content is written.</summary>
    public ContentForm Form { get; init; } = ContentForm.Text;

    /// <summary>How many labels' log probabilities are wanted; null for none at all.</summary>
    public int? TopLogprobs { get; init; }

    /// <summary>Reads a body. Fields that the student has no use for are ignored, as clients send many.</summary>
    /// <exception cref="RequestFault">The body asks nothing that can be answered; the message names the field.</exception>
    public static ChatReading Of(JsonElement body, ServeSettings limits)
    {
        if (Field(body, "n") is { } n && JsonFields.Number(n, "n") != 1)
        {
            throw RequestFault.At("n", "must be 1: a student gives the same answer each time.");
        }

        var logprobs = Field(body, "logprobs") is { } wanted && JsonFields.Switch(wanted, "logprobs");
        var top = Field(body, "top_logprobs") is { } number ? JsonFields.Number(number, "top_logprobs") : 0;
        if (top is < 0 or > 20)
        {
            throw RequestFault.At("top_logprobs", "must be from 0 to 20.");
        }

        return new ChatReading
        {
            Model = Field(body, "model") is { } model ? JsonFields.Text(model, "model", 256) : throw new RequestFault(400, "model is missing.", "model"),
            Input = ChatMessages.Input(Field(body, "messages") ?? throw new RequestFault(400, "messages is missing.", "messages"), limits),
            Stream = Field(body, "stream") is { } stream && JsonFields.Switch(stream, "stream"),
            StreamUsage = Field(body, "stream_options") is { ValueKind: JsonValueKind.Object } options
                && Field(options, "include_usage") is { } usage && JsonFields.Switch(usage, "stream_options.include_usage"),
            Reasons = (Field(body, "rationale") is { } rationale && JsonFields.Switch(rationale, "rationale"))
                || (Field(body, "reasoning_effort") is { } effort && JsonFields.Text(effort, "reasoning_effort") is not ("none" or "minimal")),
            Form = Field(body, "response_format") is { } format ? ChatFormat.Of(format) : ContentForm.Text,
            TopLogprobs = logprobs ? top : null,
        };
    }

    /// <summary>A field that is there and not null.</summary>
    internal static JsonElement? Field(JsonElement value, string name) =>
        value.TryGetProperty(name, out var field) && field.ValueKind != JsonValueKind.Null ? field : null;
}
