using System.Net;

namespace StepDistill.Serving;

/// <summary>How a student is served: where, to whom, and within which limits.</summary>
/// <remarks>Read from configuration by <see cref="Read"/>. Its text names no key and no password.</remarks>
public sealed partial record ServeSettings
{
    /// <summary>Where to listen, such as <c>http://127.0.0.1:8080</c>; port 0 takes a free one. An <c>https</c> address needs <see cref="Certificate"/>.</summary>
    public string Url { get; init; } = "http://127.0.0.1:8080";

    /// <summary>Whether anyone who reaches the address may ask, where there are no <see cref="Keys"/>. Without it, only this machine is served then.</summary>
    public bool Open { get; init; }

    /// <summary>Keys of which a client must show one. At least 16 characters each.</summary>
    public IReadOnlyList<string> Keys { get; init; } = [];

    /// <summary>Keys that also allow changing the student. Without any, nobody can change it by request.</summary>
    public IReadOnlyList<string> AdminKeys { get; init; } = [];

    /// <summary>The server's certificate: a PEM file, with <see cref="CertificateKey"/>, or a PKCS#12 file.</summary>
    public string? Certificate { get; init; }

    /// <summary>The PEM file of the certificate's private key.</summary>
    public string? CertificateKey { get; init; }

    /// <summary>What the private key or the PKCS#12 file is encrypted with, if it is.</summary>
    public string? CertificatePassword { get; init; }

    /// <summary>Questions that are computed together at most, from 1 to 1,024.</summary>
    public int MaxBatch { get; init; } = 32;

    /// <summary>Tokens that are computed together at most, padding included.</summary>
    public int MaxBatchTokens { get; init; } = 8192;

    /// <summary>How long a worker waits for a fuller batch at most, where batches have been shared lately. Zero never waits.</summary>
    public TimeSpan MaxWait { get; init; } = TimeSpan.FromMilliseconds(5);

    /// <summary>A question that would have to wait longer than this for its batch is refused with status 429.</summary>
    public TimeSpan LatencyLimit { get; init; } = TimeSpan.FromMilliseconds(250);

    /// <summary>Questions that may wait at most; more are refused with status 429.</summary>
    public int MaxQueue { get; init; } = 1024;

    /// <summary>A question that has waited this long is given up with status 429.</summary>
    public TimeSpan Deadline { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Batches of labels that are computed side by side. Two keep processors busy where a batch has parts that one of them does alone.</summary>
    public int Workers { get; init; } = 1;

    /// <summary>Questions whose reasons are generated together at most.</summary>
    public int MaxReasonBatch { get; init; } = 8;

    /// <summary>The latency limit of questions with reasons, which take many times as long and have a queue of their own.</summary>
    public TimeSpan ReasonLatencyLimit { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Reasons that are streamed at once at most; more are refused with status 429.</summary>
    public int MaxStreams { get; init; } = 2;

    /// <summary>Bytes of a request's body at most; longer ones are refused with status 413.</summary>
    public int MaxBodyBytes { get; init; } = 1 << 20;

    /// <summary>Questions of one request at most.</summary>
    public int MaxInputs { get; init; } = 256;

    /// <summary>Characters of one input at most. Inputs below that, but longer than the student reads, are cut, and the answer says so.</summary>
    public int MaxCharacters { get; init; } = 32_768;

    /// <summary>Tokens of one input at most; null to let the student cut. Costs a second reading of each input.</summary>
    public int? MaxTokens { get; init; }

    /// <summary>Choices of one question at most.</summary>
    public int MaxChoices { get; init; } = 64;

    /// <summary>Connections at once at most; more are closed.</summary>
    public int MaxConnections { get; init; } = 4096;

    /// <summary>How long accepted requests may take to finish when the server stops.</summary>
    public TimeSpan DrainLimit { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>How often to look whether the student's manifest has changed; zero never looks.</summary>
    public TimeSpan WatchEvery { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>The address as parts.</summary>
    internal Uri Address => new(Url.Replace("://*", "://[::]", StringComparison.Ordinal).Replace("://+", "://[::]", StringComparison.Ordinal));

    /// <summary>Whether the address can be reached from this machine only.</summary>
    internal bool IsLoopback => IsLoopbackName(Address.Host);

    /// <summary>Whether a host's name or address means this machine alone.</summary>
    internal static bool IsLoopbackName(string host) =>
        string.Equals(host, "localhost", StringComparison.OrdinalIgnoreCase)
        || (IPAddress.TryParse(host.Trim('[', ']'), out var address) && IPAddress.IsLoopback(address));

    /// <inheritdoc/>
    public override string ToString() =>
        $"ServeSettings {{ Url = {Url}, Open = {Open}, Keys = {Keys.Count}, AdminKeys = {AdminKeys.Count}, MaxBatch = {MaxBatch} }}";
}
