using System.Net;
using System.Net.Http.Headers;

namespace StepDistill.Cli.Teachers;

/// <summary>Stands in for a server: keeps the request that a client would send, and answers with what it is given.</summary>
/// <remarks>So batches hold the very requests of the online way, and their replies are read by the very same client.</remarks>
internal sealed class OfflineExchange : HttpMessageHandler
{
    /// <summary>What is answered where only the request matters.</summary>
    private const string Nothing = """
        {"id":"-","object":"chat.completion","created":0,"model":"-","choices":[{"index":0,"finish_reason":"stop","message":{"role":"assistant","content":""}}]}
        """;

    /// <summary>The reply to the next request; null where only the request matters.</summary>
    public string? Reply { get; set; }

    /// <summary>The body of the last request.</summary>
    public byte[] Request { get; private set; } = [];

    /// <inheritdoc/>
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        Request = request.Content is { } content ? await content.ReadAsByteArrayAsync(cancellationToken) : [];
        var reply = new StringContent(Reply ?? Nothing);
        reply.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        return new HttpResponseMessage(HttpStatusCode.OK) { Content = reply, RequestMessage = request };
    }
}
