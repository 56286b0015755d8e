using System.Buffers;
using System.Text.Json;
using System.Text.Unicode;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace StepDistill.Serving.Http;

/// <summary>Reads a request's body as one strict JSON object.</summary>
internal static class JsonBody
{
    private const int FirstRead = 4096;

    /// <summary>Reads the body, and gives it to a reader of its fields.</summary>
    /// <param name="http">The request.</param>
    /// <param name="maxBytes">Bytes at most.</param>
    /// <param name="maxDepth">Levels of arrays and objects at most.</param>
    /// <param name="read">Reads the object; nothing of it may be kept but text.</param>
    /// <exception cref="RequestFault">It is no JSON object, or too large, or of another type.</exception>
    public static async Task<T> ReadAsync<T>(HttpContext http, int maxBytes, int maxDepth, Func<JsonElement, T> read)
    {
        RequireJson(http.Request);
        var (buffer, length) = await ReadBytesAsync(http, maxBytes).ConfigureAwait(false);
        try
        {
            // The buffer is shared: what lies behind the length belongs to somebody else.
            return Parse(buffer.AsMemory(0, length), maxDepth, read);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer, clearArray: true);
        }
    }

    private static T Parse<T>(ReadOnlyMemory<byte> body, int maxDepth, Func<JsonElement, T> read)
    {
        if (body.IsEmpty)
        {
            throw new RequestFault(400, "The body is empty; it must be a JSON object.");
        }

        if (!Utf8.IsValid(body.Span))
        {
            throw new RequestFault(400, "The body is not UTF-8; JSON must be.");
        }

        try
        {
            using var document = JsonDocument.Parse(body, new JsonDocumentOptions { MaxDepth = maxDepth, AllowDuplicateProperties = false });
            return document.RootElement.ValueKind == JsonValueKind.Object
                ? read(document.RootElement)
                : throw new RequestFault(400, $"The body is {Name(document.RootElement.ValueKind)}; it must be a JSON object.");
        }
        catch (JsonException e)
        {
            // Its message may quote the body, so only the place is told.
            var place = e.LineNumber is { } line ? $" (line {line + 1}, byte {e.BytePositionInLine + 1})" : "";
            throw new RequestFault(400, $"The body is not the JSON it must be{place}: it must be whole, at most {maxDepth} levels deep, each "
                + "name once in its object, without comments, NaN or Infinity.");
        }
        catch (InvalidOperationException)
        {
            throw new RequestFault(400, "The body holds half of a surrogate pair (\\ud800 to \\udfff), which is no text.");
        }
    }

    /// <summary>What a value is, in words.</summary>
    public static string Name(JsonValueKind kind) => kind switch
    {
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => "an array",
        JsonValueKind.String => "a text",
        JsonValueKind.Number => "a number",
        JsonValueKind.True or JsonValueKind.False => "true or false",
        _ => "null",
    };

    private static void RequireJson(HttpRequest request)
    {
        if (!MediaTypeHeaderValue.TryParse(request.ContentType, out var type)
            || !type.MediaType.Equals("application/json", StringComparison.OrdinalIgnoreCase)
            || (type.Charset.HasValue && !type.Charset.Equals("utf-8", StringComparison.OrdinalIgnoreCase)))
        {
            throw new RequestFault(415, "The Content-Type must be application/json, in UTF-8.");
        }

        if (request.Headers.ContentEncoding.Count > 0)
        {
            throw new RequestFault(415, "The body must not be compressed.");
        }
    }

    private static async Task<(byte[] Buffer, int Length)> ReadBytesAsync(HttpContext http, int maxBytes)
    {
        if (http.Request.ContentLength > maxBytes)
        {
            throw TooLarge(maxBytes);
        }

        var buffer = ArrayPool<byte>.Shared.Rent((int)Math.Min(maxBytes + 1L, http.Request.ContentLength + 1 ?? FirstRead));
        var length = 0;
        try
        {
            while (true)
            {
                var read = await http.Request.Body.ReadAsync(buffer.AsMemory(length), http.RequestAborted).ConfigureAwait(false);
                if (read == 0)
                {
                    return (buffer, length);
                }

                if ((length += read) > maxBytes)
                {
                    throw TooLarge(maxBytes);
                }

                if (length == buffer.Length)
                {
                    buffer = Grow(buffer);
                }
            }
        }
        catch (Exception e)
        {
            ArrayPool<byte>.Shared.Return(buffer, clearArray: true);
            if (e is IOException and not BadHttpRequestException)
            {
                throw new RequestFault(400, "The body did not arrive whole.");      // the client has gone, or nobody would read this
            }

            throw;
        }
    }

    private static byte[] Grow(byte[] buffer)
    {
        var larger = ArrayPool<byte>.Shared.Rent(2 * buffer.Length);
        buffer.CopyTo(larger, 0);
        ArrayPool<byte>.Shared.Return(buffer, clearArray: true);
        return larger;
    }

    private static RequestFault TooLarge(int maxBytes) => new(413, $"The body is larger than {maxBytes} bytes. Send fewer or shorter inputs.");
}
