using System.Net.Http.Headers;
using System.Text.Json;
using StepDistill.Runs;

namespace StepDistill.Hub;

/// <summary>The line to a hub: sends requests, again and again where it is bad, and shows the key to the hub alone.</summary>
internal sealed class HubConnection : IDisposable
{
    /// <summary>Failures in a row, without a byte between them, after which it gives up.</summary>
    public const int MaxTries = 5;

    private const int MaxRedirects = 10;
    private const int MaxJsonBytes = 64 << 20;

    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(60);

    /// <summary>Without a byte for so long, a connection counts as broken. The framework's own limit for an answer.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(100);

    /// <summary>Headers of a request that are the connection's own, whoever names them.</summary>
    private static readonly HashSet<string> OwnHeaders = new(["Host", "Content-Length", "Transfer-Encoding", "Connection"], StringComparer.OrdinalIgnoreCase);

    private readonly TimeProvider time;
    private readonly HttpClient http;

    public HubConnection(HubSettings settings, TimeProvider time)
    {
        Settings = settings;
        this.time = time;
        // Redirects are followed here, so that the token goes to the hub alone.
        http = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false })
        {
            Timeout = Timeout.InfiniteTimeSpan,
        };
        http.DefaultRequestHeaders.UserAgent.Add(new("stepdistill", RunManifest.CurrentVersions()["stepdistill"].Split('+')[0]));
        http.DefaultRequestHeaders.AcceptEncoding.Add(new("identity"));
    }

    /// <summary>How the hub is reached.</summary>
    public HubSettings Settings { get; }

    /// <summary>The clock to wait by.</summary>
    public TimeProvider Time => time;

    public void Dispose() => http.Dispose();

    /// <summary>Sends a request until there is an answer that further tries cannot better.</summary>
    /// <param name="name">The student, for messages.</param>
    /// <param name="request">The request.</param>
    /// <param name="progress">Told of waiting.</param>
    /// <param name="cancellation">Stops.</param>
    /// <exception cref="HubUnreachableException">No answer came.</exception>
    public async Task<HttpResponseMessage> AskAsync(
        HubName name, HubRequest request, IProgress<HubProgress>? progress, CancellationToken cancellation)
    {
        for (var failures = 1; ; failures++)
        {
            string fault;
            TimeSpan wait;
            try
            {
                var response = await FollowAsync(name, request, cancellation).ConfigureAwait(false);
                if ((int)response.StatusCode is not (408 or 429 or >= 500) || failures >= request.Tries)
                {
                    return response;
                }

                fault = $"the hub answered {(int)response.StatusCode}";
                wait = RetryAfter(response) ?? WaitAfter(failures);
                response.Dispose();
            }
            catch (Exception e) when (e is HttpRequestException or BrokenConnectionException)
            {
                if (failures >= request.Tries)
                {
                    throw new HubUnreachableException(
                        $"{request.Address.Host} cannot be reached for {name}: {e.Message.TrimEnd('.')}. Check the connection and HF_ENDPOINT,"
                        + " or give a folder instead of a name.", e);
                }

                fault = e.Message;
                wait = WaitAfter(failures);
            }

            await WaitAsync(request.About, request.From, null, fault, wait, progress, cancellation).ConfigureAwait(false);
        }
    }

    /// <summary>Asks for JSON; the caller disposes of the document.</summary>
    /// <param name="name">The student, for messages.</param>
    /// <param name="request">The request.</param>
    /// <param name="progress">Told of waiting.</param>
    /// <param name="cancellation">Stops.</param>
    /// <param name="accept">Which failed answers are the caller's business; for these the document is null.</param>
    /// <exception cref="StepDistillException">The hub refused, or its answer is no JSON.</exception>
    public async Task<(HttpResponseMessage Response, JsonDocument? Json)> AskJsonAsync(
        HubName name, HubRequest request, IProgress<HubProgress>? progress, CancellationToken cancellation,
        Func<HttpResponseMessage, bool>? accept = null)
    {
        for (var failures = 1; ; failures++)
        {
            var response = await AskAsync(name, request, progress, cancellation).ConfigureAwait(false);
            if (!response.IsSuccessStatusCode && accept?.Invoke(response) == true)
            {
                return (response, null);
            }

            using (response)
            {
                HubRefusal.ThrowIfFailed(Settings, name, response, writes: request.Method != HttpMethod.Get);
                try
                {
                    return (response, JsonDocument.Parse(await ReadAllAsync(response, cancellation).ConfigureAwait(false)));
                }
                catch (JsonException e)
                {
                    throw new StepDistillException(
                        $"{request.Address.Host} answered something else than JSON about {request.About} of {name}; it is not a hub. Check HF_ENDPOINT.", e);
                }
                catch (Exception e) when (e is HttpIOException or BrokenConnectionException && failures < request.Tries)
                {
                    await WaitAsync(request.About, 0, null, e.Message, WaitAfter(failures), progress, cancellation).ConfigureAwait(false);
                }
                catch (Exception e) when (e is HttpIOException or BrokenConnectionException)
                {
                    throw new HubUnreachableException(
                        $"{request.Address.Host} broke off again and again about {request.About} of {name}: {e.Message.TrimEnd('.')}. Run the same command later.", e);
                }
            }
        }
    }

    /// <summary>Reads the next bytes of an answer, and tells errors of the line from those of the disk.</summary>
    /// <exception cref="BrokenConnectionException">The connection broke off or fell silent.</exception>
    public async Task<int> ReadAsync(Stream body, Memory<byte> buffer, CancellationToken cancellation)
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

    /// <summary>Waits before another try, and says so.</summary>
    public async Task WaitAsync(
        string file, long done, long? total, string fault, TimeSpan wait, IProgress<HubProgress>? progress, CancellationToken cancellation)
    {
        progress?.Report(new(file, done, total, $"{fault.TrimEnd('.')}; trying again in {wait.TotalSeconds:0} s"));
        await Task.Delay(wait, time, cancellation).ConfigureAwait(false);
    }

    /// <summary>How long the answer asks to wait, a minute at most; null where it does not say.</summary>
    public TimeSpan? RetryAfter(HttpResponseMessage response)
    {
        var wait = response.Headers.RetryAfter is { } after ? after.Delta ?? after.Date - time.GetUtcNow() : null;
        return wait is { } asked ? TimeSpan.FromTicks(Math.Clamp(asked.Ticks, 0, LongestWait.Ticks)) : null;
    }

    /// <summary>1, 2, 4, 8, 16 seconds.</summary>
    public static TimeSpan WaitAfter(int failures) => TimeSpan.FromSeconds(1 << Math.Clamp(failures - 1, 0, 4));

    /// <summary>Whether an answer leads elsewhere.</summary>
    public static bool IsRedirect(HttpResponseMessage response) => (int)response.StatusCode is 301 or 302 or 303 or 307 or 308;

    /// <summary>A header of an answer; null where it has none of that name.</summary>
    public static string? Header(HttpResponseMessage response, string name) =>
        response.Headers.TryGetValues(name, out var values) ? values.FirstOrDefault() : null;

    /// <summary>Whether an address is the hub's own, so that it may see the key.</summary>
    public bool IsHub(Uri address) => (address.Scheme, address.Host, address.Port)
        == (Settings.Endpoint.Scheme, Settings.Endpoint.Host, Settings.Endpoint.Port);

    /// <summary>Whether an address that a hub names may be used: a hub that is encrypted does not lead to what is not.</summary>
    public static bool IsSafe(Uri from, Uri to) => to.Scheme is "http" or "https" && !(from.Scheme == "https" && to.Scheme == "http");

    /// <summary>Sends one request and follows where it leads.</summary>
    private async Task<HttpResponseMessage> FollowAsync(HubName name, HubRequest request, CancellationToken cancellation)
    {
        var address = request.Address;
        for (var redirects = 0; redirects < MaxRedirects; redirects++)
        {
            var response = await SendAsync(request, address, cancellation).ConfigureAwait(false);
            // The hub itself says hash and commit, also where it leads to a store for the content.
            if (!IsRedirect(response) || (request.Method == HttpMethod.Head && Header(response, "X-Repo-Commit") is not null))
            {
                return response;
            }

            using (response)
            {
                var next = response.Headers.Location is { } location ? new Uri(address, location) : null;
                // A body goes to the hub or where the hub said, and nowhere else.
                if (next is null || !IsSafe(address, next)
                    || ((request.Content is not null || request.Headers.Count > 0) && !(IsHub(address) && IsHub(next) && (int)response.StatusCode is 307 or 308)))
                {
                    throw new StepDistillException($"{address.Host} leads to an address that is not safe for {name}; it was not followed.");
                }

                address = next;
            }
        }

        throw new StepDistillException($"{Settings.Endpoint.Host} leads in circles for {name}. Check HF_ENDPOINT.");
    }

    private async Task<HttpResponseMessage> SendAsync(HubRequest asked, Uri address, CancellationToken cancellation)
    {
        using var silence = new CancellationTokenSource(Patience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, silence.Token);
        using var request = new HttpRequestMessage(asked.Method, address);
        if (asked.Content?.Invoke() is { } content)
        {
            content.Alive = () => silence.CancelAfter(Patience);
            request.Content = content;
        }

        foreach (var (header, value) in asked.Headers.Where(pair => !OwnHeaders.Contains(pair.Key)))
        {
            _ = request.Headers.TryAddWithoutValidation(header, value) || request.Content?.Headers.TryAddWithoutValidation(header, value) == true;
        }

        if (Settings.Token is { } token && IsHub(address) && !request.Headers.Contains("Authorization"))
        {
            request.Headers.Authorization = token.All(c => c is > ' ' and <= '~')
                ? new AuthenticationHeaderValue("Bearer", token)
                : throw new StepDistillException("HF_TOKEN holds a blank, a line break or another character that no key has. Set it again.");
        }

        if (asked.Accept is { } accept)
        {
            request.Headers.Accept.Add(new(accept));
        }

        if (asked.From > 0)
        {
            request.Headers.Range = new RangeHeaderValue(asked.From, null);
        }

        try
        {
            return await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException e) when (!cancellation.IsCancellationRequested)
        {
            throw new BrokenConnectionException($"no answer came for {Patience.TotalSeconds} seconds", e);
        }
    }

    private async Task<byte[]> ReadAllAsync(HttpResponseMessage response, CancellationToken cancellation)
    {
        await using var body = await response.Content.ReadAsStreamAsync(cancellation).ConfigureAwait(false);
        using var all = new MemoryStream();
        var buffer = new byte[1 << 16];
        for (int read; (read = await ReadAsync(body, buffer, cancellation).ConfigureAwait(false)) > 0;)
        {
            all.Write(buffer, 0, read);
            if (all.Length > MaxJsonBytes)
            {
                throw new StepDistillException($"{Settings.Endpoint.Host} sent more than {MaxJsonBytes} bytes of JSON; it was not read to the end. Check HF_ENDPOINT.");
            }
        }

        return all.ToArray();
    }
}
