using System.Text.Json;

namespace StepDistill.Teachers.BatchJobs;

/// <summary>One line of a file of answers.</summary>
/// <param name="Key">Whose answer it is: the annotation's key, which the request bore as <c>custom_id</c>.</param>
/// <param name="Status">The HTTP status; 0 where the service gives none.</param>
/// <param name="Body">The reply's JSON where it is an object; otherwise null.</param>
/// <param name="Fault">Why there is no answer; null where there is one.</param>
/// <remarks>https://platform.openai.com/docs/api-reference/batch/request-output.</remarks>
public sealed record BatchReply(string Key, int Status, string? Body, string? Fault)
{
    /// <summary>What <see cref="Status"/> says of a request that was never answered, because the batch ended before.</summary>
    public const int NotAsked = -1;

    /// <summary>Whether it is an answer.</summary>
    public bool IsGood => Status is >= 200 and < 300 && Body is not null;

    /// <summary>Reads a line.</summary>
    /// <param name="line">The line in UTF-8, without its end.</param>
    /// <returns>Null where it is no answer to anything that we could have asked.</returns>
    public static BatchReply? Parse(ReadOnlyMemory<byte> line)
    {
        try
        {
            using var document = JsonDocument.Parse(line);
            return Read(document.RootElement);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)      // the latter: text that is no Unicode
        {
            return null;
        }
    }

    /// <summary>Whether a text can be an annotation's key.</summary>
    /// <param name="text">The text.</param>
    public static bool IsKey(string text) => text.Length == 64 && text.All(char.IsAsciiHexDigitLower);

    private static BatchReply? Read(JsonElement line)
    {
        if (line.ValueKind != JsonValueKind.Object || Text(line, "custom_id") is not { } key || !IsKey(key))
        {
            return null;
        }

        if (Inner(line, "response") is { } response)
        {
            var status = response.TryGetProperty("status_code", out var code) && code.ValueKind == JsonValueKind.Number
                && code.TryGetInt32(out var number) && number is > 0 and < 1000 ? number : 0;
            var body = Inner(response, "body");
            return status is >= 200 and < 300 && body is not null
                ? new(key, status, body.Value.GetRawText(), null)
                : new(key, status, null, Refusal(status, body is { } inner ? Inner(inner, "error") : null));
        }

        if (Inner(line, "error") is { } error)
        {
            return Text(error, "code") is "batch_expired" or "batch_cancelled"
                ? new(key, NotAsked, null, "The batch ended before this question was asked.")
                : new(key, 0, null, Refusal(0, error));
        }

        return null;
    }

    private static string Refusal(int status, JsonElement? error)
    {
        var reason = error is { } one ? Text(one, "message") ?? Text(one, "code") : null;
        return (status, reason) switch
        {
            (>= 200 and < 300, _) => $"The service answered {status} without a reply.",
            (> 0, null) => $"The service answered {status}.",
            (> 0, _) => $"The service answered {status}: {Requests.ChatRequests.Shortened(reason)}",
            (_, null) => "The service did not answer this question of the batch.",
            _ => $"The service did not answer this question of the batch: {Requests.ChatRequests.Shortened(reason)}",
        };
    }

    private static JsonElement? Inner(JsonElement owner, string name) =>
        owner.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Object ? value : null;

    private static string? Text(JsonElement owner, string name) =>
        owner.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
