using System.Globalization;
using System.Net;

namespace StepDistill.Hub;

/// <summary>A file on a hub: at which commit, under which hash, and how large.</summary>
/// <param name="File">Its name.</param>
/// <param name="Commit">The commit that it belongs to.</param>
/// <param name="Etag">The hash of its content, which names it in the cache.</param>
/// <param name="Size">Its bytes; null where the hub did not say.</param>
internal sealed record HubFile(string File, string Commit, string Etag, long? Size);

/// <summary>The conversation with a hub: asks about files and brings them, again and again where the line is bad.</summary>
/// <remarks>
/// Protocol: huggingface_hub, file_download.py: <c>HEAD</c> and <c>GET</c> of <c>/REPOSITORY/resolve/REVISION/FILE</c> with
/// the headers <c>X-Repo-Commit</c>, <c>X-Linked-Etag</c> and <c>X-Linked-Size</c>, and a redirect to a store on another host.
/// </remarks>
internal sealed class HubTransfer(HubConnection connection)
{
    private HubSettings Settings => connection.Settings;

    /// <summary>Asks about a file.</summary>
    /// <param name="name">The student.</param>
    /// <param name="revision">Which of its versions.</param>
    /// <param name="file">The file's name.</param>
    /// <param name="tries">How often to ask while no answer comes.</param>
    /// <param name="progress">Told of waiting.</param>
    /// <param name="cancellation">Stops.</param>
    /// <returns>What it is, or null where the hub has no such file.</returns>
    public async Task<HubFile?> FindAsync(
        HubName name, string revision, string file, int tries, IProgress<HubProgress>? progress, CancellationToken cancellation)
    {
        using var response = await connection.AskAsync(
            name, new(HttpMethod.Head, AddressOf(name, revision, file), file) { Tries = tries }, progress, cancellation).ConfigureAwait(false);
        if (response.StatusCode == HttpStatusCode.NotFound && HubConnection.Header(response, "X-Error-Code") is "EntryNotFound" or null)
        {
            return null;
        }

        HubRefusal.ThrowIfFailed(Settings, name, response);
        var etag = (HubConnection.Header(response, "X-Linked-Etag") ?? HubConnection.Header(response, "ETag"))?.Replace("W/", "", StringComparison.Ordinal).Trim('"');
        var commit = HubConnection.Header(response, "X-Repo-Commit");
        if (etag is null || commit is null || !HubFiles.IsPlain(etag) || !HubFiles.IsPlain(commit))
        {
            throw new StepDistillException(
                $"{Settings.Endpoint} does not say the commit and hash of {file} of {name}; it is not a hub. Check HF_ENDPOINT.");
        }

        long? size = long.TryParse(HubConnection.Header(response, "X-Linked-Size"), NumberStyles.None, CultureInfo.InvariantCulture, out var linked)
            ? linked : HubConnection.IsRedirect(response) ? null : response.Content.Headers.ContentLength;
        return new HubFile(file, commit, etag, size);
    }

    /// <summary>Brings a file's content into the cache if it is not there.</summary>
    public async Task DownloadAsync(
        HubName name, HubFile file, HubCache cache, IProgress<HubProgress>? progress, CancellationToken cancellation)
    {
        var blob = cache.Blob(file.Etag);
        if (File.Exists(blob))
        {
            return;
        }

        using var alone = await cache.LockAsync(file.Etag, connection.Time, cancellation).ConfigureAwait(false);
        if (File.Exists(blob))
        {
            return; // another process was faster
        }

        var partial = blob + ".incomplete";
        await DownloadAsync(name, file, partial, progress, cancellation).ConfigureAwait(false);
        File.Move(partial, blob, overwrite: true);
    }

    /// <summary>Brings a file's content to a place of its own, going on with what an earlier run left there, and checks its hash.</summary>
    /// <exception cref="StepDistillException">It cannot be had, or arrived with another hash; then nothing is left.</exception>
    public async Task DownloadAsync(
        HubName name, HubFile file, string partial, IProgress<HubProgress>? progress, CancellationToken cancellation)
    {
        var resumed = File.Exists(partial) && new FileInfo(partial).Length > 0;
        await FillAsync(name, file, partial, progress, cancellation).ConfigureAwait(false);
        if (resumed && !HubCache.HasHash(partial, file.Etag))
        {
            // What an earlier run left may be what is wrong: once more from the start.
            File.Delete(partial);
            await FillAsync(name, file, partial, progress, cancellation).ConfigureAwait(false);
        }

        if (!HubCache.HasHash(partial, file.Etag))
        {
            File.Delete(partial);
            throw new StepDistillException(
                $"{file.File} of {name} arrived with another checksum than {file.Etag}, which the hub states. It was thrown away;"
                + " try again, and if it stays so do not trust this source.");
        }
    }

    /// <summary>Adds to a partial file until it is whole, going on where a connection breaks off.</summary>
    private async Task FillAsync(
        HubName name, HubFile file, string partial, IProgress<HubProgress>? progress, CancellationToken cancellation)
    {
        await using var content = new FileStream(partial, FileMode.OpenOrCreate, FileAccess.Write, FileShare.Read, bufferSize: 0);
        if (content.Length > file.Size)
        {
            content.SetLength(0);
        }

        content.Seek(0, SeekOrigin.End);
        for (var failures = 0; file.Size is null || content.Length < file.Size || file.Size == 0;)
        {
            var before = content.Length;
            try
            {
                await AddAsync(name, file, content, progress, cancellation).ConfigureAwait(false);
                if (file.Size is null || content.Length == file.Size)
                {
                    break;
                }

                throw new HttpIOException(HttpRequestError.ResponseEnded, $"it ended after {content.Length} of {file.Size} bytes");
            }
            catch (Exception e) when (e is HttpRequestException or HttpIOException or BrokenConnectionException
                && !cancellation.IsCancellationRequested)
            {
                failures = content.Length > before ? 1 : failures + 1;
                if (failures > HubConnection.MaxTries)
                {
                    throw new StepDistillException(
                        $"{file.File} of {name} broke off {failures} times at {content.Length} of {file.Size} bytes: {e.Message.TrimEnd('.')}."
                        + " What is here is kept; run the same command again to go on.", e);
                }

                await connection.WaitAsync(file.File, content.Length, file.Size, e.Message, HubConnection.WaitAfter(failures), progress, cancellation).ConfigureAwait(false);
            }
        }

        content.Flush(flushToDisk: true);
        progress?.Report(new(file.File, content.Length, file.Size));
    }

    /// <summary>One request for the rest of a file.</summary>
    private async Task AddAsync(
        HubName name, HubFile file, FileStream content, IProgress<HubProgress>? progress, CancellationToken cancellation)
    {
        using var response = await connection.AskAsync(
            name, new(HttpMethod.Get, AddressOf(name, file.Commit, file.File), file.File) { From = content.Length }, progress, cancellation)
            .ConfigureAwait(false);
        if (response.StatusCode == HttpStatusCode.RequestedRangeNotSatisfiable)
        {
            content.SetLength(0);
            throw new BrokenConnectionException("the hub does not know the part that is missing");
        }

        HubRefusal.ThrowIfFailed(Settings, name, response);
        if (response.StatusCode != HttpStatusCode.PartialContent || response.Content.Headers.ContentRange?.From != content.Length)
        {
            content.SetLength(0); // the whole file comes, whatever was asked for
        }

        await using var body = await response.Content.ReadAsStreamAsync(cancellation).ConfigureAwait(false);
        var buffer = new byte[1 << 18];
        while (true)
        {
            var read = await connection.ReadAsync(body, buffer, cancellation).ConfigureAwait(false);
            if (read == 0)
            {
                return;
            }

            if (content.Length + read > file.Size)
            {
                content.SetLength(0);
                throw new StepDistillException(
                    $"{file.File} of {name} is larger than the {file.Size} bytes that the hub states. It was thrown away; try again.");
            }

            content.Write(buffer, 0, read);
            progress?.Report(new(file.File, content.Length, file.Size));
        }
    }

    private Uri AddressOf(HubName name, string revision, string file) =>
        new(Settings.Endpoint, $"{name.Repository}/resolve/{Uri.EscapeDataString(revision)}/{string.Join('/', file.Split('/').Select(Uri.EscapeDataString))}");
}
