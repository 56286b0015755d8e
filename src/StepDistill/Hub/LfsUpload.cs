using System.Text.Json;
using System.Text.Json.Nodes;

namespace StepDistill.Hub;

/// <summary>Sends large files to the store that a hub names.</summary>
/// <remarks>
/// Protocol: git-lfs, docs/api/batch.md and basic-transfers.md, with the parts of huggingface_hub's lfs.py. Every try of a
/// file asks anew where it goes: so an address that has expired is replaced, and a file whose last answer was lost is not
/// sent a second time.
/// </remarks>
internal sealed class LfsUpload(HubConnection connection, HubName name)
{
    private const string JsonType = "application/vnd.git-lfs+json";
    private const int AtATime = 100;

    /// <summary>Sends what the store does not have.</summary>
    /// <returns>Bytes that were sent.</returns>
    /// <exception cref="StepDistillException">A file could not be sent; those before it are there, and are not sent again.</exception>
    public async Task<long> SendAsync(IReadOnlyList<LocalFile> files, IProgress<HubProgress>? progress, CancellationToken cancellation)
    {
        long sent = 0;
        foreach (var some in files.DistinctBy(file => file.Sha256).Chunk(AtATime))
        {
            var actions = await BatchAsync(some, progress, cancellation).ConfigureAwait(false);
            foreach (var (file, action) in some.Zip(actions))
            {
                sent += await SendAsync(file, action, progress, cancellation).ConfigureAwait(false);
            }
        }

        return sent;
    }

    private async Task<long> SendAsync(LocalFile file, LfsAction action, IProgress<HubProgress>? progress, CancellationToken cancellation)
    {
        for (var failures = 1; action.Upload is not null; failures++)
        {
            file.ThrowIfChanged();
            var (fault, wait) = await TryAsync(file, action, progress, cancellation).ConfigureAwait(false);
            if (fault is null)
            {
                return file.Size;
            }

            if (failures >= HubConnection.MaxTries)
            {
                throw new StepDistillException(
                    $"{file.Path} could not be sent for {name} after {failures} tries: {fault.TrimEnd('.')}."
                    + " Nothing was committed, and what was sent before is kept; run the same command again to go on.");
            }

            await connection.WaitAsync(file.Path, 0, file.Size, fault, wait ?? HubConnection.WaitAfter(failures), progress, cancellation).ConfigureAwait(false);
            action = (await BatchAsync([file], progress, cancellation).ConfigureAwait(false))[0];
        }

        return 0; // the store has it already
    }

    /// <summary>One try: the bytes, and the word of the hub that they are right.</summary>
    /// <returns>What went wrong, and how long the other side asks to wait; null where all is well.</returns>
    private async Task<(string? Fault, TimeSpan? Wait)> TryAsync(
        LocalFile file, LfsAction action, IProgress<HubProgress>? progress, CancellationToken cancellation)
    {
        try
        {
            var (fault, wait) = action.PartBytes is { } bytes
                ? await PutPartsAsync(file, action, bytes, progress, cancellation).ConfigureAwait(false)
                : await PutAsync(file, action, progress, cancellation).ConfigureAwait(false);
            if (fault is null && action.Verify is { } verify)
            {
                using var response = await connection.AskAsync(
                    name,
                    new(HttpMethod.Post, verify, file.Path)
                    {
                        Accept = JsonType,
                        Headers = action.VerifyHeaders,
                        Content = () => HubContent.Of(new JsonObject { ["oid"] = file.Sha256, ["size"] = file.Size }, JsonType),
                    },
                    progress, cancellation).ConfigureAwait(false);
                return (Refused(response, $"{verify.Host} does not find it as it was sent"), connection.RetryAfter(response));
            }

            return (fault, wait);
        }
        catch (HubUnreachableException e)
        {
            return (e.InnerException?.Message ?? e.Message, null);
        }
    }

    private async Task<(string? Fault, TimeSpan? Wait)> PutAsync(
        LocalFile file, LfsAction action, IProgress<HubProgress>? progress, CancellationToken cancellation)
    {
        using var response = await connection.AskAsync(
            name,
            new(HttpMethod.Put, action.Upload!, file.Path)
            {
                Tries = 1,
                Headers = action.UploadHeaders,
                Content = () => Body(file, 0, file.Size, progress),
            },
            progress, cancellation).ConfigureAwait(false);
        return (Refused(response, $"{action.Upload!.Host} refused it"), connection.RetryAfter(response));
    }

    private async Task<(string? Fault, TimeSpan? Wait)> PutPartsAsync(
        LocalFile file, LfsAction action, long bytes, IProgress<HubProgress>? progress, CancellationToken cancellation)
    {
        var done = new JsonArray();
        foreach (var (number, part) in action.Parts.Index())
        {
            var from = number * bytes;
            using var response = await connection.AskAsync(
                name,
                new(HttpMethod.Put, part, file.Path) { Content = () => Body(file, from, Math.Min(bytes, file.Size - from), progress) },
                progress, cancellation).ConfigureAwait(false);
            if (Refused(response, $"{part.Host} refused part {number + 1}") is { } fault)
            {
                return (fault, connection.RetryAfter(response));
            }

            if (HubConnection.Header(response, "ETag") is not { Length: > 0 } etag)
            {
                return ($"{part.Host} did not say what it received as part {number + 1}", null);
            }

            done.Add(new JsonObject { ["partNumber"] = number + 1, ["etag"] = etag });
        }

        using var completed = await connection.AskAsync(
            name,
            new(HttpMethod.Post, action.Upload!, file.Path)
            {
                Accept = JsonType,
                Content = () => HubContent.Of(new JsonObject { ["oid"] = file.Sha256, ["parts"] = done.DeepClone() }, JsonType),
            },
            progress, cancellation).ConfigureAwait(false);
        return (Refused(completed, $"{action.Upload!.Host} could not join the parts"), connection.RetryAfter(completed));
    }

    private static HubContent Body(LocalFile file, long from, long length, IProgress<HubProgress>? progress) =>
        new(() => new FileStream(file.FullPath, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0), from, length, file.FullPath, type: null)
        {
            Sent = sent => progress?.Report(new(file.Path, from + sent, file.Size)),
        };

    private static string? Refused(HttpResponseMessage response, string fault) =>
        response.IsSuccessStatusCode ? null : $"{fault} ({(int)response.StatusCode})";

    /// <summary>Asks where files go.</summary>
    private async Task<IReadOnlyList<LfsAction>> BatchAsync(IReadOnlyList<LocalFile> files, IProgress<HubProgress>? progress, CancellationToken cancellation)
    {
        var question = new JsonObject
        {
            ["operation"] = "upload",
            ["transfers"] = new JsonArray("basic", "multipart"),
            ["objects"] = new JsonArray([.. files.Select(file => (JsonNode)new JsonObject { ["oid"] = file.Sha256, ["size"] = file.Size })]),
            ["hash_algo"] = "sha256",
            ["ref"] = new JsonObject { ["name"] = name.Revision },
        };
        var (_, json) = await connection.AskJsonAsync(
            name,
            new(HttpMethod.Post, new(connection.Settings.Endpoint, $"{name.Repository}.git/info/lfs/objects/batch"), "large files")
            {
                Accept = JsonType,
                Content = () => HubContent.Of(question, JsonType),
            },
            progress, cancellation).ConfigureAwait(false);
        using (json!)
        {
            var answers = json!.RootElement.ValueKind == JsonValueKind.Object && json.RootElement.TryGetProperty("objects", out var objects)
                && objects.ValueKind == JsonValueKind.Array
                ? objects.EnumerateArray().Where(one => one.ValueKind == JsonValueKind.Object).ToList() : [];
            return
            [
                .. files.Select(file => answers.Find(one => one.TryGetProperty("oid", out var oid) && oid.ValueKind == JsonValueKind.String && oid.ValueEquals(file.Sha256)) is
                    { ValueKind: JsonValueKind.Object } answer
                    ? LfsAction.Read(answer, connection.Settings.Endpoint, file)
                    : throw new StepDistillException($"{connection.Settings.Endpoint.Host} does not say where {file.Path} goes. Check HF_ENDPOINT.")),
            ];
        }
    }
}
