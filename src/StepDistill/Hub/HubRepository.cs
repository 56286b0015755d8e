using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace StepDistill.Hub;

/// <summary>Makes repositories and branches on a hub, and asks how files shall come to it.</summary>
/// <remarks>Protocol: huggingface_hub, hf_api.py (create_repo, create_branch) and _commit_api.py (preupload).</remarks>
internal sealed class HubRepository(HubConnection connection, HubName name)
{
    private const int AtATime = 256;
    private const int SampleBytes = 512;

    private readonly HubListing listing = new(connection);

    /// <summary>Makes the repository and the branch where they are missing.</summary>
    /// <returns>Where the branch stands, and whether the repository was made.</returns>
    /// <exception cref="StepDistillException">They are missing and cannot be made, or a private one is wanted and it is public.</exception>
    public async Task<(HubHead Head, bool WasCreated)> OpenAsync(bool isPrivate, IProgress<HubProgress>? progress, CancellationToken cancellation)
    {
        var (owner, title) = name.Repository.Split('/') is [var first, var second] ? (first, second) : throw new StepDistillException(
            $"'{name.Repository}' has no owner; a student is pushed to OWNER/NAME.");
        // An old hub knows "private" and a new one too; "visibility" an old one would overlook, and show what should be hidden.
        var wish = new JsonObject { ["type"] = "model", ["name"] = title, ["organization"] = owner, ["private"] = isPrivate };
        using var created = await PostAsync("api/repos/create", wish, "the repository", progress, cancellation).ConfigureAwait(false);
        HubHead? head = null;
        if (created.StatusCode is HttpStatusCode.Unauthorized or HttpStatusCode.PaymentRequired or HttpStatusCode.Forbidden)
        {
            // A key may write to one repository and make none: then it has to be there.
            try
            {
                head = await listing.FindHeadAsync(name, progress, cancellation).ConfigureAwait(false);
            }
            catch (StepDistillException e) when (e is not HubUnreachableException)
            {
                HubRefusal.ThrowIfFailed(connection.Settings, name, created, writes: true);
            }
        }
        else if (created.StatusCode != HttpStatusCode.Conflict)
        {
            HubRefusal.ThrowIfFailed(connection.Settings, name, created, writes: true);
        }

        head ??= await listing.FindHeadAsync(name, progress, cancellation).ConfigureAwait(false)
            ?? await BranchAsync(progress, cancellation).ConfigureAwait(false);
        return isPrivate && head.IsPrivate == false
            ? throw new StepDistillException(
                $"{name.Repository} is there and public. Make it private on {new Uri(connection.Settings.Endpoint, name.Repository + "/settings")}, or push without --private.")
            : (head, created.IsSuccessStatusCode);
    }

    /// <summary>Asks which files are kept as large ones.</summary>
    /// <returns>Their paths.</returns>
    /// <exception cref="StepDistillException">The hub refuses, or would leave one of the files out.</exception>
    public async Task<IReadOnlySet<string>> LargeAsync(IReadOnlyList<LocalFile> files, IProgress<HubProgress>? progress, CancellationToken cancellation)
    {
        var large = new HashSet<string>(StringComparer.Ordinal);
        foreach (var some in files.Chunk(AtATime))
        {
            var question = new JsonObject
            {
                ["files"] = new JsonArray([.. some.Select(file => (JsonNode)new JsonObject
                {
                    ["path"] = file.Path,
                    ["sample"] = Convert.ToBase64String(Sample(file.FullPath)),
                    ["size"] = file.Size,
                })]),
            };
            var (_, json) = await connection.AskJsonAsync(
                name, new(HttpMethod.Post, Address("preupload"), "which files are large") { Content = () => HubContent.Of(question) }, progress, cancellation)
                .ConfigureAwait(false);
            using (json!)
            {
                var modes = json!.RootElement.ValueKind == JsonValueKind.Object && json.RootElement.TryGetProperty("files", out var list) && list.ValueKind == JsonValueKind.Array
                    ? list.EnumerateArray().ToList() : [];
                large.UnionWith(some.Where(file => IsLarge(file, modes)).Select(file => file.Path));
            }
        }

        return large;
    }

    private bool IsLarge(LocalFile file, List<JsonElement> modes)
    {
        var mode = modes.Find(one => one.ValueKind == JsonValueKind.Object
            && one.TryGetProperty("path", out var path) && path.ValueKind == JsonValueKind.String && path.ValueEquals(file.Path));
        if (mode.ValueKind == JsonValueKind.Object && mode.TryGetProperty("shouldIgnore", out var ignore) && ignore.ValueKind == JsonValueKind.True)
        {
            throw new StepDistillException($"The .gitignore of {name} leaves out {file.Path}, so that the student would not be whole. Change it on the hub first.");
        }

        return mode.ValueKind == JsonValueKind.Object && mode.TryGetProperty("uploadMode", out var how) && how.ValueKind == JsonValueKind.String
            ? how.GetString() switch
            {
                "lfs" => file.Size > 0, // a store takes no empty file
                "regular" => false,
                var other => throw new StepDistillException($"{connection.Settings.Endpoint.Host} wants {file.Path} as '{HubListing.Shown(other!)}', which this program does not know. Use a newer stepdistill."),
            }
            : throw new StepDistillException($"{connection.Settings.Endpoint.Host} does not say how {file.Path} shall come to it; it is not a hub. Check HF_ENDPOINT.");
    }

    private async Task<HubHead> BranchAsync(IProgress<HubProgress>? progress, CancellationToken cancellation)
    {
        if (name.IsCommit)
        {
            throw new StepDistillException($"{name} names a commit; a student is pushed to a branch, such as main.");
        }

        using var made = await PostAsync($"api/models/{name.Repository}/branch/{Uri.EscapeDataString(name.Revision)}", [], "the branch", progress, cancellation)
            .ConfigureAwait(false);
        if (made.StatusCode != HttpStatusCode.Conflict)
        {
            HubRefusal.ThrowIfFailed(connection.Settings, name, made, writes: true);
        }

        return await listing.FindHeadAsync(name, progress, cancellation).ConfigureAwait(false) ?? new HubHead(null, null);
    }

    private Task<HttpResponseMessage> PostAsync(string path, JsonObject body, string about, IProgress<HubProgress>? progress, CancellationToken cancellation) =>
        connection.AskAsync(name, new(HttpMethod.Post, new(connection.Settings.Endpoint, path), about) { Content = () => HubContent.Of(body) }, progress, cancellation);

    private Uri Address(string what) => new(connection.Settings.Endpoint, $"api/models/{name.Repository}/{what}/{Uri.EscapeDataString(name.Revision)}");

    private static byte[] Sample(string path)
    {
        using var file = File.OpenRead(path);
        var sample = new byte[SampleBytes];
        return sample[..file.ReadAtLeast(sample, SampleBytes, throwOnEndOfStream: false)];
    }
}
