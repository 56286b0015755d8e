using Microsoft.Extensions.AI;

namespace StepDistill.Tests.Teachers;

/// <summary>A chat client that answers what a test tells it to, and remembers what it was asked.</summary>
internal sealed class ScriptedChatClient(Func<int, IReadOnlyList<ChatMessage>, ChatResponse> answer) : IChatClient
{
    private int _asked;

    public List<(IReadOnlyList<ChatMessage> Messages, ChatOptions Options)> Asked { get; } = [];

    public bool IsDisposed { get; private set; }

    /// <summary>A client that gives these replies or failures in turn, the last one for ever.</summary>
    public static ScriptedChatClient Of(params object[] replies) => new((number, _) => replies[Math.Min(number, replies.Length - 1)] switch
    {
        Exception e => throw e,
        ChatResponse response => response,
        var text => new ChatResponse(new ChatMessage(ChatRole.Assistant, (string)text)),
    });

    public Task<ChatResponse> GetResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        List<ChatMessage> list = [.. messages];
        lock (Asked)
        {
            Asked.Add((list, options!));
        }

        return Task.FromResult(answer(Interlocked.Increment(ref _asked) - 1, list));
    }

    public IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default) =>
        throw new NotSupportedException();

    public object? GetService(Type serviceType, object? serviceKey = null) => null;

    public void Dispose() => IsDisposed = true;
}
