using System.Net;
using System.Text.Json.Nodes;

namespace StepDistill.Hub;

/// <summary>The body of a request, sent piece by piece, so that a long one is told from a connection that fell silent.</summary>
internal sealed class HubContent : HttpContent
{
    private const int PieceBytes = 1 << 16;

    private readonly Func<Stream> open;
    private readonly long from;
    private readonly long length;
    private readonly string source;

    /// <summary>Prepares a body.</summary>
    /// <param name="open">Opens what is sent; it is closed after each sending.</param>
    /// <param name="from">Where in it the body begins.</param>
    /// <param name="length">Bytes of the body.</param>
    /// <param name="source">What to call it in a message.</param>
    /// <param name="type">Its media type; null for none.</param>
    public HubContent(Func<Stream> open, long from, long length, string source, string? type)
    {
        (this.open, this.from, this.length, this.source) = (open, from, length, source);
        if (type is not null)
        {
            Headers.ContentType = new(type);
        }
    }

    /// <summary>Told how many bytes of the body are on their way.</summary>
    public Action<long>? Sent { get; init; }

    /// <summary>Called whenever the connection took something; set by <see cref="HubConnection"/>.</summary>
    public Action? Alive { get; set; }

    /// <summary>A body in memory.</summary>
    public static HubContent Of(byte[] bytes, string type) =>
        new(() => new MemoryStream(bytes, writable: false), 0, bytes.Length, "a request", type);

    /// <summary>A body of JSON.</summary>
    public static HubContent Of(JsonNode json, string type = "application/json") =>
        Of(System.Text.Encoding.UTF8.GetBytes(json.ToJsonString()), type);

    /// <inheritdoc/>
    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
        SerializeToStreamAsync(stream, context, CancellationToken.None);

    /// <inheritdoc/>
    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        await using var content = open();
        content.Seek(from, SeekOrigin.Begin);
        var buffer = new byte[(int)Math.Clamp(length, 1, PieceBytes)];
        for (long sent = 0; sent < length;)
        {
            var read = await content.ReadAsync(buffer.AsMemory(0, (int)Math.Min(buffer.Length, length - sent)), cancellationToken).ConfigureAwait(false);
            if (read == 0)
            {
                throw new StepDistillException($"{source} became shorter while it was being sent. Run the same command again.");
            }

            await stream.WriteAsync(buffer.AsMemory(0, read), cancellationToken).ConfigureAwait(false);
            sent += read;
            Alive?.Invoke();
            Sent?.Invoke(sent);
        }
    }

    /// <inheritdoc/>
    protected override bool TryComputeLength(out long length)
    {
        length = this.length;
        return true;
    }
}
