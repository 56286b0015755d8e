namespace StepDistill.Hub;

/// <summary>How a hub is reached, and where what it gives is kept.</summary>
public sealed record HubSettings
{
    /// <summary>The hub's address. Default: https://huggingface.co.</summary>
    public Uri Endpoint { get; init; } = new("https://huggingface.co/");

    /// <summary>The cache that Hugging Face's own tools share.</summary>
    public required string CacheFolder { get; init; }

    /// <summary>The key for private and gated students; null where there is none. Sent to <see cref="Endpoint"/> alone, and never shown.</summary>
    public string? Token { get; init; }

    /// <summary>Whether nothing may be downloaded. Default: no.</summary>
    public bool Offline { get; init; }

    /// <summary>Reads what Hugging Face's tools read: <c>HF_ENDPOINT</c>, <c>HF_HUB_CACHE</c>, <c>HF_HOME</c>, <c>HF_TOKEN</c> and <c>HF_HUB_OFFLINE</c>.</summary>
    /// <param name="variable">Gives the value of an environment variable; null reads those of this process.</param>
    /// <remarks>
    /// As in huggingface_hub's constants.py, the cache is <c>HF_HUB_CACHE</c>, else <c>hub</c> in <c>HF_HOME</c>, else in
    /// <c>huggingface</c> in <c>XDG_CACHE_HOME</c> or <c>~/.cache</c>. A token that its tools stored in a file is not read.
    /// </remarks>
    /// <exception cref="StepDistillException"><c>HF_ENDPOINT</c> is no http or https address.</exception>
    public static HubSettings FromEnvironment(Func<string, string?>? variable = null)
    {
        string? Value(string name) =>
            (variable ?? Environment.GetEnvironmentVariable)(name) is { } value && value.Trim() is { Length: > 0 } text ? text : null;

        var user = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
        string Expanded(string path) => path is "~" || path.StartsWith("~/", StringComparison.Ordinal) ? user + path[1..] : path;

        var home = Value("HF_HOME")
            ?? Path.Combine(Value("XDG_CACHE_HOME") ?? Path.Combine(user, ".cache"), "huggingface");
        return new HubSettings
        {
            Endpoint = EndpointOf(Value("HF_ENDPOINT") ?? "https://huggingface.co"),
            CacheFolder = Expanded(Value("HF_HUB_CACHE") ?? Path.Combine(home, "hub")),
            Token = Value("HF_TOKEN"),
            Offline = Value("HF_HUB_OFFLINE")?.ToUpperInvariant() is "1" or "ON" or "YES" or "TRUE",
        };
    }

    /// <summary>Everything but the key.</summary>
    public override string ToString() =>
        $"{Endpoint}, cache {CacheFolder}{(Token is null ? "" : ", with a token")}{(Offline ? ", offline" : "")}";

    private static Uri EndpointOf(string address) =>
        Uri.TryCreate(address.TrimEnd('/') + "/", UriKind.Absolute, out var uri) && (uri.Scheme is "http" or "https")
            ? uri : throw new StepDistillException($"HF_ENDPOINT is '{address}'; it must be an address such as https://huggingface.co.");
}
