using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using StepDistill.Runs;

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
internal sealed class HubTransfer : IDisposable
{
    /// <summary>Failures in a row, without a byte between them, after which it gives up.</summary>
    public const int MaxTries = 5;

    private const int MaxRedirects = 10;

    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(60);

    /// <summary>Without a byte for so long, a connection counts as broken. The framework's own limit for an answer.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(100);

    private readonly HubSettings settings;
    private readonly TimeProvider time;
    private readonly HttpClient http;

    public HubTransfer(HubSettings settings, TimeProvider time)
    {
        this.settings = settings;
        this.time = time;
        // Redirects are followed here, so that the token goes to the hub alone.
        http = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false })
        {
            Timeout = Timeout.InfiniteTimeSpan,
        };
        http.DefaultRequestHeaders.UserAgent.Add(new("stepdistill", RunManifest.CurrentVersions()["stepdistill"].Split('+')[0]));
        http.DefaultRequestHeaders.AcceptEncoding.Add(new("identity"));
    }

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
        using var response = await AskAsync(
            HttpMethod.Head, name, AddressOf(name, revision, file), file, from: 0, tries, progress, cancellation).ConfigureAwait(false);
        if (response.StatusCode == HttpStatusCode.NotFound && Header(response, "X-Error-Code") is "EntryNotFound" or null)
        {
            return null;
        }

        ThrowIfFailed(name, response);
        var etag = (Header(response, "X-Linked-Etag") ?? Header(response, "ETag"))?.Replace("W/", "", StringComparison.Ordinal).Trim('"');
        var commit = Header(response, "X-Repo-Commit");
        if (etag is null || commit is null || !HubFiles.IsPlain(etag) || !HubFiles.IsPlain(commit))
        {
            throw new StepDistillException(
                $"{settings.Endpoint} does not say the commit and hash of {file} of {name}; it is not a hub. Check HF_ENDPOINT.");
        }

        long? size = long.TryParse(Header(response, "X-Linked-Size"), NumberStyles.None, CultureInfo.InvariantCulture, out var linked)
            ? linked : IsRedirect(response) ? null : response.Content.Headers.ContentLength;
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

        using var alone = await cache.LockAsync(file.Etag, time, cancellation).ConfigureAwait(false);
        if (File.Exists(blob))
        {
            return; // another process was faster
        }

        var partial = blob + ".incomplete";
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

        File.Move(partial, blob, overwrite: true);
    }

    public void Dispose() => http.Dispose();

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
                if (failures > MaxTries)
                {
                    throw new StepDistillException(
                        $"{file.File} of {name} broke off {failures} times at {content.Length} of {file.Size} bytes: {e.Message.TrimEnd('.')}."
                        + " What is here is kept; run the same command again to go on.", e);
                }

                await WaitAsync(file.File, content.Length, file.Size, e.Message, WaitAfter(failures), progress, cancellation).ConfigureAwait(false);
            }
        }

        content.Flush(flushToDisk: true);
        progress?.Report(new(file.File, content.Length, file.Size));
    }

    /// <summary>One request for the rest of a file.</summary>
    private async Task AddAsync(
        HubName name, HubFile file, FileStream content, IProgress<HubProgress>? progress, CancellationToken cancellation)
    {
        using var response = await AskAsync(
            HttpMethod.Get, name, AddressOf(name, file.Commit, file.File), file.File, content.Length, MaxTries, progress, cancellation)
            .ConfigureAwait(false);
        if (response.StatusCode == HttpStatusCode.RequestedRangeNotSatisfiable)
        {
            content.SetLength(0);
            throw new BrokenConnectionException("the hub does not know the part that is missing");
        }

        ThrowIfFailed(name, response);
        if (response.StatusCode != HttpStatusCode.PartialContent || response.Content.Headers.ContentRange?.From != content.Length)
        {
            content.SetLength(0); // the whole file comes, whatever was asked for
        }

        await using var body = await response.Content.ReadAsStreamAsync(cancellation).ConfigureAwait(false);
        var buffer = new byte[1 << 18];
        while (true)
        {
            var read = await ReadAsync(body, buffer, cancellation).ConfigureAwait(false);
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

    private async Task<int> ReadAsync(Stream body, byte[] buffer, CancellationToken cancellation)
    {
        using var silence = new CancellationTokenSource(Patience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, silence.Token);
        try
        {
            return await body.ReadAsync(buffer, either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException e) when (!cancellation.IsCancellationRequested)
        {
            throw new BrokenConnectionException($"nothing came for {Patience.TotalSeconds} seconds", e);
        }
        catch (IOException e) when (e is not HttpIOException)
        {
            // Kept apart from errors of the disk, which are not worth another try.
            throw new BrokenConnectionException(e.Message, e);
        }
    }

    /// <summary>Sends a request until there is an answer that further tries cannot better.</summary>
    private async Task<HttpResponseMessage> AskAsync(
        HttpMethod method, HubName name, Uri address, string file, long from, int tries, IProgress<HubProgress>? progress, CancellationToken cancellation)
    {
        for (var failures = 1; ; failures++)
        {
            string fault;
            TimeSpan wait;
            try
            {
                var response = await FollowAsync(method, name, address, from, cancellation).ConfigureAwait(false);
                if ((int)response.StatusCode is not (408 or 429 or >= 500) || failures >= tries)
                {
                    return response;
                }

                fault = $"the hub answered {(int)response.StatusCode}";
                wait = RetryAfter(response) ?? WaitAfter(failures);
                response.Dispose();
            }
            catch (Exception e) when (e is HttpRequestException or BrokenConnectionException)
            {
                if (failures >= tries)
                {
                    throw new HubUnreachableException(
                        $"{address.Host} cannot be reached for {name}: {e.Message.TrimEnd('.')}. Check the connection and HF_ENDPOINT,"
                        + " or give student.from a folder.", e);
                }

                fault = e.Message;
                wait = WaitAfter(failures);
            }

            await WaitAsync(file, from, null, fault, wait, progress, cancellation).ConfigureAwait(false);
        }
    }

    /// <summary>Sends one request and follows where it leads.</summary>
    private async Task<HttpResponseMessage> FollowAsync(
        HttpMethod method, HubName name, Uri address, long from, CancellationToken cancellation)
    {
        for (var redirects = 0; redirects < MaxRedirects; redirects++)
        {
            using var request = new HttpRequestMessage(method, address);
            if (settings.Token is not null && IsHub(address))
            {
                request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", settings.Token);
            }

            if (from > 0)
            {
                request.Headers.Range = new RangeHeaderValue(from, null);
            }

            var response = await SendAsync(request, cancellation).ConfigureAwait(false);
            // The hub itself says hash and commit, also where it leads to a store for the content.
            if (!IsRedirect(response) || (method == HttpMethod.Head && Header(response, "X-Repo-Commit") is not null))
            {
                return response;
            }

            using (response)
            {
                var next = response.Headers.Location is { } location ? new Uri(address, location) : null;
                if (next is null || next.Scheme is not ("http" or "https") || (address.Scheme == "https" && next.Scheme == "http"))
                {
                    throw new StepDistillException($"{address.Host} leads to an address that is not safe for {name}; it was not followed.");
                }

                address = next;
            }
        }

        throw new StepDistillException($"{settings.Endpoint.Host} leads in circles for {name}. Check HF_ENDPOINT.");
    }

    private async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellation)
    {
        using var silence = new CancellationTokenSource(Patience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, silence.Token);
        try
        {
            return await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException e) when (!cancellation.IsCancellationRequested)
        {
            throw new BrokenConnectionException($"no answer came for {Patience.TotalSeconds} seconds", e);
        }
    }

    private void ThrowIfFailed(HubName name, HttpResponseMessage response)
    {
        var page = new Uri(settings.Endpoint, name.Repository);
        var fault = ((int)response.StatusCode, Header(response, "X-Error-Code")) switch
        {
            (401, _) when settings.Token is null =>
                $"{name} does not exist on {settings.Endpoint.Host}, or is private. Check the name; for a private student set HF_TOKEN.",
            (401, _) => $"{settings.Endpoint.Host} does not accept HF_TOKEN for {name}. Check the token and that it may read {page}.",
            (403, _) => $"{name} is gated or closed to you. Accept its terms at {page} and set HF_TOKEN to a key that may read it.",
            (404, "RevisionNotFound") => $"{name.Repository} has no revision '{name.Revision}' on {settings.Endpoint.Host}.",
            (404, _) => $"There is no {name} on {settings.Endpoint.Host}. Check the name.",
            (429, _) => $"{settings.Endpoint.Host} asks for fewer requests (429). Wait a while and run the same command again.",
            ( >= 400, _) =>
                $"{settings.Endpoint.Host} answered {(int)response.StatusCode} for {name}, again and again. Run the same command later.",
            _ => null,
        };
        if (fault is not null)
        {
            throw new StepDistillException(fault);
        }
    }

    private async Task WaitAsync(
        string file, long done, long? total, string fault, TimeSpan wait, IProgress<HubProgress>? progress, CancellationToken cancellation)
    {
        progress?.Report(new(file, done, total, $"{fault.TrimEnd('.')}; trying again in {wait.TotalSeconds:0} s"));
        await Task.Delay(wait, time, cancellation).ConfigureAwait(false);
    }

    private TimeSpan? RetryAfter(HttpResponseMessage response)
    {
        var wait = response.Headers.RetryAfter is { } after ? after.Delta ?? after.Date - time.GetUtcNow() : null;
        return wait is { } asked ? TimeSpan.FromTicks(Math.Clamp(asked.Ticks, 0, LongestWait.Ticks)) : null;
    }

    /// <summary>1, 2, 4, 8, 16 seconds.</summary>
    private static TimeSpan WaitAfter(int failures) => TimeSpan.FromSeconds(1 << Math.Clamp(failures - 1, 0, 4));

    private Uri AddressOf(HubName name, string revision, string file) =>
        new(settings.Endpoint, $"{name.Repository}/resolve/{Uri.EscapeDataString(revision)}/{Uri.EscapeDataString(file)}");

    private bool IsHub(Uri address) =>
        address.Scheme == settings.Endpoint.Scheme && address.Host == settings.Endpoint.Host && address.Port == settings.Endpoint.Port;

    private static bool IsRedirect(HttpResponseMessage response) => (int)response.StatusCode is 301 or 302 or 303 or 307 or 308;

    private static string? Header(HttpResponseMessage response, string name) =>
        response.Headers.TryGetValues(name, out var values) ? values.FirstOrDefault() : null;

    /// <summary>A connection broke off or fell silent: worth another try.</summary>
    private sealed class BrokenConnectionException(string message, Exception? inner = null) : Exception(message, inner);
}
