using System.ComponentModel;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace StepDistill.Serving.Chat;

/// <summary>What <c>POST /v1/chat/completions</c> understands of OpenAI's protocol; other fields are ignored. Read by <see cref="ChatReading"/>.</summary>
internal sealed record ChatRequest(
    [property: Description("The student's name, NAME@VERSION, or student.")] string Model,
    [property: Description("The last message of role user is the input.")] IReadOnlyList<ChatRequestMessage> Messages,
    [property: Description("Whether to answer piece by piece as server-sent events.")] bool? Stream,
    [property: JsonPropertyName("stream_options"), Description("{\"include_usage\": true} adds a last chunk with the usage.")] JsonElement? StreamOptions,
    [property: JsonPropertyName("response_format"), Description("text, json_object, or json_schema with properties among label, confidence, probabilities, rationale.")]
    JsonElement? ResponseFormat,
    [property: Description("Whether to give the label's log probability.")] bool? Logprobs,
    [property: JsonPropertyName("top_logprobs"), Description("And those of so many labels.")] int? TopLogprobs,
    [property: JsonPropertyName("reasoning_effort"), Description("Any but none and minimal asks for reasons, which come as reasoning_content.")] string? ReasoningEffort,
    [property: Description("Asks for reasons, too. An addition to the protocol.")] bool? Rationale);

/// <summary>One message.</summary>
/// <param name="Role">The role.</param>
/// <param name="Content">A text, or parts of type text.</param>
internal sealed record ChatRequestMessage(string Role, JsonElement Content);
