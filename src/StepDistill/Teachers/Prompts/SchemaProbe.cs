using System.Text.Json;
using Microsoft.Extensions.AI;
using StepDistill.Teachers.Requests;

namespace StepDistill.Teachers.Prompts;

/// <summary>Finds out, by one small request, whether a server holds replies to the JSON schema that goes with them.</summary>
/// <remarks>
/// What servers say about themselves does not tell: some take a schema and pass over it. So the request's text asks for one
/// thing and its schema allows only another, and only where the schema is enforced does the reply fit it. That shows no more
/// than that this schema was enforced this once, so replies are still read as if nothing was. A server that refuses the
/// request (400) is asked for text; one that gives no reply leaves the question open until the next asks again. Safe for use
/// by several threads at once: the first asks, the others wait.
/// </remarks>
internal sealed class SchemaProbe : IDisposable
{
    /// <summary>What the schema alone allows: no word of the request, nor one that a model would come upon.</summary>
    private const string Token = "tamarack-7";

    private const string Schema =
        $$$"""{"type":"object","properties":{"word":{"type":"string","enum":["{{{Token}}}"]}},"required":["word"],"additionalProperties":false}""";

    private readonly ChatRequests _requests;
    private readonly ChatTeacherSettings _settings;
    private readonly SemaphoreSlim _one = new(1);
    private volatile Result? _result;
    private int _asked;

    /// <summary>Prepares; nothing is sent yet.</summary>
    /// <param name="requests">What sends it.</param>
    /// <param name="settings">Whom to ask.</param>
    public SchemaProbe(ChatRequests requests, ChatTeacherSettings settings) => (_requests, _settings) = (requests, settings);

    /// <summary>What was found, in a sentence for the user; empty before anything was.</summary>
    public IReadOnlyList<string> Notes => _result is not { } result
        ? []
        : [$"{(_asked == 1 ? "One request more was" : $"{_asked} requests more were")} sent to see whether the server enforces a JSON schema. "
            + (result.IsEnforced
                ? "It does, so replies are asked for as JSON."
                : $"{result.Why}, so replies are asked for as text.")];

    /// <summary>Whether the server enforced the schema; null where it gave no reply, with the request's outcome.</summary>
    /// <param name="cancellation">Gives up.</param>
    /// <exception cref="StepDistillException">No question can succeed.</exception>
    public async Task<(bool? IsEnforced, RequestOutcome? Outcome)> AskAsync(CancellationToken cancellation)
    {
        if (_result is { } known)
        {
            return (known.IsEnforced, null);
        }

        await _one.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            if (_result is { } found)
            {
                return (found.IsEnforced, null);
            }

            Interlocked.Increment(ref _asked);
            var outcome = await _requests.SendAsync(Messages(), Options(), cancellation).ConfigureAwait(false);
            _result = outcome switch
            {
                { Response: { } response } => Fits(response.Text) ? new(true, "") : new(false, "It does not"),
                { IsRefused: true } => new(false, "It refuses requests with one"),
                _ => null,
            };
            return (_result?.IsEnforced, outcome);
        }
        finally
        {
            _one.Release();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _one.Dispose();

    /// <summary>Whether a reply is exactly what the schema allows.</summary>
    /// <param name="reply">The reply.</param>
    internal static bool Fits(string reply)
    {
        try
        {
            using var document = JsonDocument.Parse(reply);
            return document.RootElement is { ValueKind: JsonValueKind.Object } root
                && root.EnumerateObject().ToList() is [{ Name: "word", Value: { ValueKind: JsonValueKind.String } word }]
                && word.ValueEquals(Token);
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private static IReadOnlyList<ChatMessage> Messages() =>
        [new ChatMessage(ChatRole.User, "Write the word blue and nothing else: no braces, no quotation marks, no other word.")];

    private ChatOptions Options()
    {
        // A model that thinks first needs the room that its answers have.
        var options = new ChatOptions { ModelId = _settings.Model, Temperature = 0, MaxOutputTokens = _settings.MaxTokens };
        SchemaRequest.Add(options, Schema);
        return options;
    }

    /// <summary>What was found.</summary>
    /// <param name="IsEnforced">Whether the schema was enforced.</param>
    /// <param name="Why">Why not, as the start of a sentence.</param>
    private sealed record Result(bool IsEnforced, string Why);
}
