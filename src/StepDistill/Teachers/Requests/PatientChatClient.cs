using Microsoft.Extensions.AI;
using StepDistill.Recipes;

namespace StepDistill.Teachers.Requests;

/// <summary>A chat client that sends requests as a teacher does: through a gate, and again where that helps.</summary>
public sealed class PatientChatClient : IChatClient
{
    private const int MostTokens = 512;

    private readonly ChatRequests _requests;

    /// <summary>Prepares; nothing is sent yet.</summary>
    /// <param name="section">Whom to ask: model, endpoint, limits.</param>
    /// <param name="connect">Makes the client at the first request; it is disposed with this object.</param>
    /// <param name="explain">Reads exceptions of the provider's own kind; null for others.</param>
    /// <param name="gate">What requests pass; disposed with this object.</param>
    public PatientChatClient(
        TeacherSection section, Func<IChatClient> connect, Func<Exception, RequestFailure?> explain, RequestGate gate) =>
        _requests = new ChatRequests(
            $"The server {section.Endpoint ?? section.Provider} (model {section.Model})", connect, gate, price: null,
            new ChatRetries { Timeout = TimeSpan.FromSeconds(section.TimeoutSeconds) }, explain, TimeProvider.System);

    /// <inheritdoc/>
    /// <exception cref="StepDistillException">No answer came, and no further request would help.</exception>
    public async Task<ChatResponse> GetResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
    {
        options = options?.Clone() ?? new ChatOptions();
        options.MaxOutputTokens ??= MostTokens;
        var outcome = await _requests.SendAsync([.. messages], options, cancellationToken).ConfigureAwait(false);
        return outcome.Response ?? throw new StepDistillException(outcome.Fault ?? "No answer came.");
    }

    /// <summary>Not offered: what is asked here is read as a whole.</summary>
    /// <exception cref="NotSupportedException">Always.</exception>
    public IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default) =>
        throw new NotSupportedException("Answers are read as a whole; use GetResponseAsync.");

    /// <inheritdoc/>
    public object? GetService(Type serviceType, object? serviceKey = null) => null;

    /// <inheritdoc/>
    public void Dispose() => _requests.Dispose();
}
