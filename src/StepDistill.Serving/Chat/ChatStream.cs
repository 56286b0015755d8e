using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace StepDistill.Serving.Chat;

/// <summary>Writes server-sent events, each one at once.</summary>
/// <param name="http">The request.</param>
internal sealed class ChatStream(HttpContext http)
{
    private static readonly byte[] Before = "data: "u8.ToArray();
    private static readonly byte[] After = "\n\n"u8.ToArray();
    private static readonly byte[] Done = "data: [DONE]\n\n"u8.ToArray();

    /// <summary>Sends one piece.</summary>
    public async Task SendAsync(ChatChunk chunk)
    {
        if (!http.Response.HasStarted)
        {
            http.Response.ContentType = "text/event-stream; charset=utf-8";
            http.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
        }

        byte[] all = [.. Before, .. JsonSerializer.SerializeToUtf8Bytes(chunk, WireJson.Default.ChatChunk), .. After];
        await http.Response.Body.WriteAsync(all, http.RequestAborted).ConfigureAwait(false);
        await http.Response.Body.FlushAsync(http.RequestAborted).ConfigureAwait(false);
    }

    /// <summary>Says that nothing more comes.</summary>
    public Task EndAsync() => http.Response.Body.WriteAsync(Done, http.RequestAborted).AsTask();
}
