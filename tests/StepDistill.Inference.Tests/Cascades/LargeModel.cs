using System.Runtime.CompilerServices;
using Microsoft.Extensions.AI;

namespace StepDistill.Inference.Tests.Cascades;

/// <summary>A large model that answers by a rule, and counts.</summary>
internal sealed class LargeModel(Func<string, string> reply) : IChatClient
{
    private int _calls;

    public int Calls => Volatile.Read(ref _calls);

    public bool IsDisposed { get; private set; }

    /// <summary>The very object that the newest call was answered with.</summary>
    public ChatResponse? Newest { get; private set; }

    public ChatFinishReason Finish { get; init; } = ChatFinishReason.Stop;

    /// <summary>How many updates come before the rule's exception.</summary>
    public int BreaksAfter { get; init; }

    public Task<ChatResponse> GetResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
    {
        Interlocked.Increment(ref _calls);
        cancellationToken.ThrowIfCancellationRequested();
        Newest = new(new ChatMessage(ChatRole.Assistant, reply(messages.Last().Text))) { ModelId = "large-1", FinishReason = Finish };
        return Task.FromResult(Newest);
    }

    public async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        Interlocked.Increment(ref _calls);
        for (var i = 0; i < BreaksAfter; i++)
        {
            yield return new(ChatRole.Assistant, "…");
        }

        await Task.Yield();
        foreach (var letter in reply(messages.Last().Text))
        {
            yield return new(ChatRole.Assistant, letter.ToString()) { ModelId = "large-1" };
        }
    }

    public object? GetService(Type serviceType, object? serviceKey = null) => null;

    public void Dispose() => IsDisposed = true;
}
