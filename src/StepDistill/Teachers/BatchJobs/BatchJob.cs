using System.Text.Json;

namespace StepDistill.Teachers.BatchJobs;

/// <summary>A batch as the service describes it.</summary>
/// <remarks>https://platform.openai.com/docs/api-reference/batch/object.</remarks>
public sealed record BatchJob
{
    /// <summary>The key of the metadata under which a batch bears our tag.</summary>
    public const string TagKey = "stepdistill";

    /// <summary>The service's name for it.</summary>
    public required string Id { get; init; }

    /// <summary>How far it is.</summary>
    public required BatchState State { get; init; }

    /// <summary>Our own name for it, by which it is known again; null where it is not ours.</summary>
    public string? Tag { get; init; }

    /// <summary>Requests that it holds, as far as the service has counted them.</summary>
    public long Total { get; init; }

    /// <summary>Requests that were answered.</summary>
    public long Completed { get; init; }

    /// <summary>Requests that failed.</summary>
    public long Failed { get; init; }

    /// <summary>The file of answers; null where there is none (yet).</summary>
    public string? OutputFile { get; init; }

    /// <summary>The file of failures; null where there is none (yet).</summary>
    public string? ErrorFile { get; init; }

    /// <summary>When the service accepted it; null where it does not say.</summary>
    public DateTimeOffset? Created { get; init; }

    /// <summary>When the service gives up on what is not answered by then; null where it does not say.</summary>
    public DateTimeOffset? Expires { get; init; }

    /// <summary>Why the file of requests was refused, a sentence for each reason.</summary>
    public IReadOnlyList<string> Errors { get; init; } = [];

    /// <summary>Whether the reason is that the account may have no more tokens waiting for now.</summary>
    public bool IsOverTokenLimit { get; init; }

    /// <summary>Reads a service's description.</summary>
    /// <param name="json">A JSON object.</param>
    /// <exception cref="InvalidDataException">It is no description of a batch.</exception>
    public static BatchJob Parse(ReadOnlyMemory<byte> json)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            return Read(document.RootElement);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)      // the latter: text that is no Unicode
        {
            throw NoBatch(e);
        }
    }

    /// <summary>Reads a page of a service's list.</summary>
    /// <param name="json">A JSON object with the list <c>data</c>.</param>
    /// <exception cref="InvalidDataException">It is no list of batches.</exception>
    public static IReadOnlyList<BatchJob> ParsePage(ReadOnlyMemory<byte> json)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            return document.RootElement.ValueKind == JsonValueKind.Object
                && document.RootElement.TryGetProperty("data", out var data) && data.ValueKind == JsonValueKind.Array
                    ? [.. data.EnumerateArray().Select(Read)]
                    : throw NoBatch();
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)      // the latter: text that is no Unicode
        {
            throw NoBatch(e);
        }
    }

    private static BatchJob Read(JsonElement batch)
    {
        if (batch.ValueKind != JsonValueKind.Object || Text(batch, "id") is not { Length: > 0 } id)
        {
            throw NoBatch();
        }

        var counts = Inner(batch, "request_counts");
        var faults = Inner(batch, "errors") is { } errors && Inner(errors, "data", JsonValueKind.Array) is { } list
            ? list.EnumerateArray().Where(fault => fault.ValueKind == JsonValueKind.Object).ToList()
            : [];
        return new BatchJob
        {
            Id = id,
            State = BatchStates.Of(Text(batch, "status")),
            Tag = Inner(batch, "metadata") is { } metadata ? Text(metadata, TagKey) : null,
            Total = Number(counts, "total") ?? 0,
            Completed = Number(counts, "completed") ?? 0,
            Failed = Number(counts, "failed") ?? 0,
            OutputFile = Text(batch, "output_file_id"),
            ErrorFile = Text(batch, "error_file_id"),
            Created = Time(batch, "created_at"),
            Expires = Time(batch, "expires_at"),
            Errors = [.. faults.Select(Describe)],
            IsOverTokenLimit = faults.Exists(fault => Text(fault, "code") == "token_limit_exceeded"),
        };
    }

    private static string Describe(JsonElement fault)
    {
        var message = Text(fault, "message") ?? Text(fault, "code") ?? "no reason given";
        return Number(fault, "line") is { } line ? $"{message} (line {line})" : message;
    }

    private static JsonElement? Inner(JsonElement? owner, string name, JsonValueKind kind = JsonValueKind.Object) =>
        owner is { } of && of.TryGetProperty(name, out var value) && value.ValueKind == kind ? value : null;

    private static string? Text(JsonElement owner, string name) => Inner(owner, name, JsonValueKind.String)?.GetString();

    private static long? Number(JsonElement? owner, string name) =>
        Inner(owner, name, JsonValueKind.Number) is { } value && value.TryGetInt64(out var number) ? number : null;

    /// <summary>Seconds since 1970, up to the year 9999: what is beyond is no time.</summary>
    private static DateTimeOffset? Time(JsonElement owner, string name) =>
        Number(owner, name) is { } seconds and >= 0 and <= 253_402_300_799 ? DateTimeOffset.FromUnixTimeSeconds(seconds) : null;

    private static InvalidDataException NoBatch(Exception? cause = null) =>
        new("The service's reply does not describe a batch.", cause);
}
