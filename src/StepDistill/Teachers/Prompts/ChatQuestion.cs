using System.Text;
using System.Text.Json;
using Microsoft.Extensions.AI;

namespace StepDistill.Teachers.Prompts;

/// <summary>One question to a chat model, as it is sent.</summary>
/// <param name="IsJson">Whether a JSON object is asked for.</param>
/// <param name="Messages">The prompt.</param>
/// <param name="Options">What goes with it: model, temperature, token limit, stop sequences, schema.</param>
public sealed record ChatQuestion(bool IsJson, IReadOnlyList<ChatMessage> Messages, ChatOptions Options)
{
    /// <summary>
    /// Bytes of a text that usually make a token: about right for English prose, and no more than that; Chinese has about
    /// three, code and numbers fewer than four.
    /// </summary>
    private const int BytesPerToken = 4;

    /// <summary>Bytes of all texts in UTF-8, the schema's included: a prompt never has more tokens than that, a few for each message aside.</summary>
    public int Bytes => Messages.Sum(message => Encoding.UTF8.GetByteCount(message.Text))
        + (Schema is { } schema ? Encoding.UTF8.GetByteCount(schema.GetRawText()) : 0);

    /// <summary>About how many tokens that is; only the model's own tokenizer knows.</summary>
    public int TokensAbout => (Bytes + BytesPerToken - 1) / BytesPerToken;

    /// <summary>The JSON schema of the reply; null where text is asked for.</summary>
    public JsonElement? Schema => (Options.ResponseFormat as ChatResponseFormatJson)?.Schema;
}
