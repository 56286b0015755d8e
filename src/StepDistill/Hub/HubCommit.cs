using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using StepDistill.Files;

namespace StepDistill.Hub;

/// <summary>One change of a repository: all of its files at once, or none.</summary>
/// <remarks>Protocol: huggingface_hub, _commit_api.py: lines of JSON with a header, files, large files by their hash, and deletions.</remarks>
/// <param name="connection">The line to the hub.</param>
/// <param name="name">The student and the branch.</param>
/// <param name="parent">The commit that the branch stands at, so that a change in between is refused; null for an empty one.</param>
internal sealed class HubCommit(HubConnection connection, HubName name, string? parent)
{
    private const int MaxRegularBytes = 32 << 20;

    private readonly List<JsonObject> lines = [];

    /// <summary>Says what the commit is.</summary>
    public void Describe(string message)
    {
        var header = new JsonObject { ["summary"] = message, ["description"] = "" };
        if (parent is not null)
        {
            header["parentCommit"] = parent;
        }

        lines.Insert(0, new() { ["key"] = "header", ["value"] = header });
    }

    /// <summary>Adds a file with its content.</summary>
    /// <exception cref="StepDistillException">It is larger than what goes into a commit, or was written meanwhile.</exception>
    public void Add(LocalFile file)
    {
        if (file.Size > MaxRegularBytes)
        {
            throw new StepDistillException(
                $"{connection.Settings.Endpoint.Host} wants {file.Path} of {file.Size} bytes in the commit itself; more than {MaxRegularBytes} is not sent so. "
                + "Let the .gitattributes there keep such files with git-lfs.");
        }

        file.ThrowIfChanged();
        lines.Add(Line("file", new()
        {
            ["content"] = Convert.ToBase64String(BoundedFile.ReadAllBytes(file.FullPath, MaxRegularBytes, "a file in a commit")),
            ["path"] = file.Path,
            ["encoding"] = "base64",
        }));
    }

    /// <summary>Adds a file that the store has.</summary>
    public void AddLarge(LocalFile file) => lines.Add(Line("lfsFile", new()
    {
        ["path"] = file.Path,
        ["algo"] = "sha256",
        ["oid"] = file.Sha256,
        ["size"] = file.Size,
    }));

    /// <summary>Removes a file.</summary>
    public void Remove(string path) => lines.Add(Line("deletedFile", new() { ["path"] = path }));

    /// <summary>Makes the commit, once: without an answer it is not known whether it was made, and it is not sent again.</summary>
    /// <returns>
    /// The commit; null where the branch stands elsewhere than at the parent, or where no answer came, with what is known in the second place.
    /// </returns>
    /// <exception cref="StepDistillException">The hub refused.</exception>
    public async Task<(string? Commit, HubCommitOutcome Outcome, TimeSpan? Wait)> SendAsync(IProgress<HubProgress>? progress, CancellationToken cancellation)
    {
        var body = Encoding.UTF8.GetBytes(string.Concat(lines.Select(line => line.ToJsonString() + "\n")));
        var address = new Uri(connection.Settings.Endpoint, $"api/models/{name.Repository}/commit/{Uri.EscapeDataString(name.Revision)}");
        try
        {
            var (response, json) = await connection.AskJsonAsync(
                name,
                new(HttpMethod.Post, address, "the commit") { Tries = 1, Content = () => HubContent.Of(body, "application/x-ndjson") },
                progress, cancellation,
                accept: response => response.StatusCode is HttpStatusCode.PreconditionFailed or HttpStatusCode.Conflict
                    || (int)response.StatusCode is 408 or 429 or >= 500).ConfigureAwait(false);
            using (json)
            {
                return json is null
                    ? (null, response.StatusCode is HttpStatusCode.PreconditionFailed or HttpStatusCode.Conflict ? HubCommitOutcome.Overtaken : HubCommitOutcome.Unknown, connection.RetryAfter(response))
                    : (CommitOf(json.RootElement), HubCommitOutcome.Made, null);
            }
        }
        catch (HubUnreachableException)
        {
            return (null, HubCommitOutcome.Unknown, null);
        }
    }

    private string? CommitOf(JsonElement json) =>
        json.ValueKind == JsonValueKind.Object && json.TryGetProperty("commitOid", out var commit) && commit.ValueKind == JsonValueKind.String
        && new HubName(name.Repository, commit.GetString()!).IsCommit ? commit.GetString() : null;

    private static JsonObject Line(string key, JsonObject value) => new() { ["key"] = key, ["value"] = value };
}
