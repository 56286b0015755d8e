using System.Net;
using System.Text.Json;

namespace StepDistill.Hub;

/// <summary>Asks a hub what a repository holds.</summary>
/// <remarks>
/// Protocol: huggingface_hub, hf_api.py: <c>GET /api/models/REPOSITORY/revision/REVISION</c> gives the commit, and
/// <c>…/tree/COMMIT?recursive=true</c> the files, page by page: a <c>Link</c> header names the next.
/// </remarks>
internal sealed class HubListing(HubConnection connection)
{
    /// <summary>A repository of more files is not that of a student.</summary>
    public const int MaxEntries = 10_000;

    private const int MaxPages = 500;

    /// <summary>Finds where a revision stands.</summary>
    /// <returns>Where, or null for a repository that has no such revision.</returns>
    /// <exception cref="StepDistillException">There is no such repository, or the hub refuses.</exception>
    public async Task<HubHead?> FindHeadAsync(HubName name, IProgress<HubProgress>? progress, CancellationToken cancellation)
    {
        var (_, json) = await connection.AskJsonAsync(
            name, new(HttpMethod.Get, Address(name, $"revision/{Uri.EscapeDataString(name.Revision)}"), name.Repository), progress, cancellation,
            accept: response => response.StatusCode == HttpStatusCode.NotFound && HubConnection.Header(response, "X-Error-Code") == "RevisionNotFound")
            .ConfigureAwait(false);
        if (json is null)
        {
            return null;
        }

        using (json)
        {
            var root = json.RootElement;
            var commit = root.ValueKind == JsonValueKind.Object && root.TryGetProperty("sha", out var sha) ? sha : default;
            return commit.ValueKind switch
            {
                JsonValueKind.String when new HubName(name.Repository, commit.GetString()!).IsCommit =>
                    new HubHead(commit.GetString(), root.TryGetProperty("private", out var hidden) && hidden.ValueKind is JsonValueKind.True or JsonValueKind.False
                        ? hidden.GetBoolean() : null),
                JsonValueKind.Null or JsonValueKind.Undefined => new HubHead(null, null),
                _ => throw Odd(name, $"a commit of the form {commit.ToString()[..Math.Min(60, commit.ToString().Length)]}"),
            };
        }
    }

    /// <summary>Lists the files of a commit.</summary>
    /// <exception cref="StepDistillException">The hub refuses, or its listing is one that an honest hub does not give.</exception>
    public async Task<IReadOnlyList<HubEntry>> ListAsync(
        HubName name, string commit, IProgress<HubProgress>? progress, CancellationToken cancellation)
    {
        var files = new Dictionary<string, HubEntry>(StringComparer.OrdinalIgnoreCase);
        var seen = 0;
        Uri? page = Address(name, $"tree/{commit}?recursive=true");
        for (var pages = 0; page is not null; pages++)
        {
            if (pages == MaxPages)
            {
                throw Odd(name, $"more than {MaxPages} pages of files");
            }

            var (response, json) = await connection.AskJsonAsync(name, new(HttpMethod.Get, page, "its files"), progress, cancellation).ConfigureAwait(false);
            using (json!)
            {
                if (json!.RootElement.ValueKind != JsonValueKind.Array)
                {
                    throw Odd(name, "no list of files");
                }

                foreach (var item in json.RootElement.EnumerateArray())
                {
                    if (++seen > MaxEntries)
                    {
                        throw new StepDistillException(
                            $"{name} has more than {MaxEntries} files; a student has a few dozen. Check the name.");
                    }

                    if (Read(name, item) is { } entry && !files.TryAdd(entry.Path, entry))
                    {
                        throw Odd(name, $"the file '{Shown(entry.Path)}' twice, or in two spellings that some systems cannot tell apart");
                    }
                }
            }

            page = Next(name, page, response);
        }

        return [.. files.Values.OrderBy(entry => entry.Path, StringComparer.Ordinal)];
    }

    private static HubEntry? Read(HubName name, JsonElement item)
    {
        string? Text(JsonElement from, string key) =>
            from.ValueKind == JsonValueKind.Object && from.TryGetProperty(key, out var value) && value.ValueKind == JsonValueKind.String ? SafeText(value) : null;

        var (kind, path) = (Text(item, "type"), Text(item, "path"));
        if (kind is null || path is null)
        {
            throw Odd(name, "an entry without type and path");
        }

        if (!HubPath.IsInside(path))
        {
            throw new StepDistillException(
                $"The hub's listing of {name} names '{Shown(path)}', which leads out of a folder. Nothing was written; do not use this model.");
        }

        if (kind == "directory")
        {
            return null;
        }

        if (kind != "file")
        {
            // A link or a repository within: never followed, and no student has one.
            return StudentFiles.Belongs(path) ? throw Odd(name, $"'{Shown(path)}' as a {Shown(kind)}, and not as a file") : null;
        }

        var large = item.TryGetProperty("lfs", out var lfs) && lfs.ValueKind == JsonValueKind.Object;
        var hash = Text(large ? lfs : item, "oid");
        var from = large && lfs.TryGetProperty("size", out _) ? lfs : item;
        return hash is not null && hash.Length == (large ? 64 : 40) && hash.All(char.IsAsciiHexDigitLower)
            && from.TryGetProperty("size", out var size) && size.ValueKind == JsonValueKind.Number && size.TryGetInt64(out var bytes) && bytes >= 0
            ? new HubEntry(path, bytes, hash)
            : throw Odd(name, $"'{Shown(path)}' without a hash and a size");
    }

    /// <summary>The text, or null for one with halves of characters, which no file's name has.</summary>
    private static string? SafeText(JsonElement value)
    {
        try
        {
            return value.GetString();
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }

    private Uri? Next(HubName name, Uri page, HttpResponseMessage response)
    {
        var link = HubConnection.Header(response, "Link")?.Split(',').FirstOrDefault(part => part.Contains("rel=\"next\"", StringComparison.Ordinal));
        if (link is null)
        {
            return null;
        }

        var (start, end) = (link.IndexOf('<', StringComparison.Ordinal), link.IndexOf('>', StringComparison.Ordinal));
        return start >= 0 && end > start && Uri.TryCreate(page, link[(start + 1)..end], out var next) && connection.IsHub(next)
            ? next : throw Odd(name, "a next page of files on another host");
    }

    private Uri Address(HubName name, string rest) => new(connection.Settings.Endpoint, $"api/models/{name.Repository}/{rest}");

    private static StepDistillException Odd(HubName name, string what) =>
        new($"The hub answers {what} for {name}, which no hub should. Nothing was written; check HF_ENDPOINT, and do not use this model.");

    /// <summary>A text of others, so that it can stand in a message.</summary>
    public static string Shown(string text) =>
        string.Concat(text.Take(200).Select(c => char.IsControl(c) ? $"\\u{(int)c:x4}" : c.ToString()));
}
