using System.Text;
using Microsoft.Extensions.AI;

namespace StepDistill.Teachers.Requests;

/// <summary>The most tokens that a prompt can have, without knowing the model's tokenizer.</summary>
/// <remarks>
/// A token of the models in use stands for at least one byte of UTF-8, so a text has no more tokens than bytes. That is
/// three or four times too many, but most of a prompt is the same instruction and demonstrations each time: once a server
/// has counted a prompt with them, they have no more tokens than that, and only the question's bytes come on top.
/// </remarks>
internal sealed class TokenBound
{
    /// <summary>What a chat template adds around a message, generously.</summary>
    private const int PerMessage = 16;

    private readonly Lock _lock = new();
    private IReadOnlyList<ChatMessage>? _known;
    private long _knownTokens;

    /// <summary>The bound.</summary>
    /// <param name="messages">The prompt, the question last.</param>
    public long Of(IReadOnlyList<ChatMessage> messages)
    {
        var bound = messages.Sum(Bytes);
        lock (_lock)
        {
            return HasKnownHead(messages) ? Math.Min(bound, _knownTokens + Bytes(messages[^1])) : bound;
        }
    }

    /// <summary>Learns from a prompt that the server has counted.</summary>
    /// <param name="messages">The prompt.</param>
    /// <param name="tokens">Its tokens.</param>
    public void Learn(IReadOnlyList<ChatMessage> messages, long tokens)
    {
        lock (_lock)
        {
            if (!HasKnownHead(messages))
            {
                (_known, _knownTokens) = (messages, tokens);
            }

            _knownTokens = Math.Min(_knownTokens, tokens);
        }
    }

    /// <summary>The template gives the same objects each time, unless it chooses demonstrations anew.</summary>
    private bool HasKnownHead(IReadOnlyList<ChatMessage> messages) =>
        _known is not null && _known.Count == messages.Count
        && Enumerable.Range(0, messages.Count - 1).All(i => ReferenceEquals(messages[i], _known[i]));

    private static long Bytes(ChatMessage message) => Encoding.UTF8.GetByteCount(message.Text) + PerMessage;
}
