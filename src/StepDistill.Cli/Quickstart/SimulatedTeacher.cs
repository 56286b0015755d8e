using System.Runtime.CompilerServices;
using Microsoft.Extensions.AI;
using StepDistill.Files;

namespace StepDistill.Cli.Quickstart;

/// <summary>Stands in for a large language model, so that the quickstart needs no network and no key: a program of a few lines.</summary>
/// <remarks>
/// It reads the prompt's last message, works the answer out and gives its reasons, in the format <c>plain</c>. Like a model
/// it errs: in a stated share of questions it takes one of the two things for what it is not, and reasons on from there.
/// Which questions those are depends on their text alone. Safe for use by several threads at once.
/// </remarks>
internal sealed class SimulatedTeacher : IChatClient
{
    /// <summary>Its name wherever a model's name is shown.</summary>
    public const string ModelName = "simulated-teacher";

    /// <summary>Share of the questions that it gets wrong, from 0 to 1.</summary>
    public const double MistakeShare = 0.08;

    /// <inheritdoc/>
    public Task<ChatResponse> GetResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var prompt = messages.ToList();
        var reply = Reply(prompt[^1].Text);
        return Task.FromResult(new ChatResponse(new ChatMessage(ChatRole.Assistant, reply))
        {
            ModelId = ModelName,
            FinishReason = ChatFinishReason.Stop,
            Usage = new UsageDetails
            {
                InputTokenCount = prompt.Sum(message => Words(message.Text)),
                OutputTokenCount = Words(reply),
            },
        });
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages,
        ChatOptions? options = null,
        [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var response = await GetResponseAsync(messages, options, cancellationToken).ConfigureAwait(false);
        foreach (var update in response.ToChatResponseUpdates())
        {
            yield return update;
        }
    }

    /// <inheritdoc/>
    public object? GetService(Type serviceType, object? serviceKey = null) =>
        serviceKey is null && serviceType.IsInstanceOfType(this) ? this : null;

    /// <inheritdoc/>
    public void Dispose()
    {
    }

    private static string Reply(string question)
    {
        if (ThingsGame.Read(question) is not var (anns, bens))
        {
            return "I am a simulated teacher, and rock, paper, scissors with things is all I know.";
        }

        var (annsHand, bensHand) = (ThingsGame.Of(anns), ThingsGame.Of(bens));
        if (ContentHash.Share("quickstart: a mistake?", question) < MistakeShare)
        {
            // Ann's thing or Ben's, taken for the one other hand or for the other one. Either changes who wins.
            var mistake = (int)(4 * ContentHash.Share("quickstart: which mistake?", question));
            (annsHand, bensHand) = mistake < 2
                ? (Other(annsHand, mistake), bensHand)
                : (annsHand, Other(bensHand, mistake - 2));
        }

        return $"{ThingsGame.Reasons(anns, annsHand, bens, bensHand)}\nAnswer: {ThingsGame.Winner(annsHand, bensHand)}";
    }

    private static Hand Other(Hand hand, int which) => (Hand)(((int)hand + 1 + which) % 3);

    private static int Words(string text) => text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).Length;
}
