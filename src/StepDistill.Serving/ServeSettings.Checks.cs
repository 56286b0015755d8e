using System.Globalization;

namespace StepDistill.Serving;

public sealed partial record ServeSettings
{
    private const int ShortestKey = 16;
    private const int Far = 1 << 24;

    /// <summary>Checks that a student can be served so.</summary>
    /// <returns>The settings themselves.</returns>
    /// <exception cref="StepDistillException">They cannot be used; all faults are told at once.</exception>
    public ServeSettings Validate()
    {
        string[] faults = [.. AddressFaults(), .. KeyFaults(), .. LimitFaults()];
        return faults.Length == 0
            ? this
            : throw new StepDistillException("The student cannot be served so:" + string.Concat(faults.Select(fault => $"{Environment.NewLine}  - {fault}")));
    }

    private List<string> AddressFaults()
    {
        if (!Uri.TryCreate(Url.Replace("://*", "://[::]", StringComparison.Ordinal).Replace("://+", "://[::]", StringComparison.Ordinal), UriKind.Absolute, out var address)
            || address.Scheme is not ("http" or "https") || address.PathAndQuery != "/")
        {
            return [$"url is '{Url}'; it must be an address without a path, such as http://127.0.0.1:8080 or https://0.0.0.0:8443."];
        }

        List<string> faults = [];
        if (!IsLoopbackName(address.Host) && Keys.Count == 0 && !Open)
        {
            faults.Add($"url is '{Url}', which others can reach, and there are no keys. Set STEPDISTILL_SERVE_KEYS, listen on "
                + "127.0.0.1, or say --open to let everyone ask.");
        }

        if (address.Scheme == "https" && Certificate is null)
        {
            faults.Add($"url is '{Url}', and there is no certificate. Set certificate (STEPDISTILL_SERVE_CERTIFICATE) to a PEM or PKCS#12 file.");
        }

        if (address.Scheme == "http" && Certificate is not null)
        {
            faults.Add($"there is a certificate, {Certificate}, but url is '{Url}', which does not use it. Write https://, or leave the certificate out.");
        }

        foreach (var (name, path) in new[] { ("certificate", Certificate), ("certificate_key", CertificateKey) })
        {
            if (path is not null && !File.Exists(path))
            {
                faults.Add($"{name} is '{path}', where there is no file.");
            }
        }

        return faults;
    }

    private IEnumerable<string> KeyFaults() =>
        from named in Keys.Select(key => ("keys", key)).Concat(AdminKeys.Select(key => ("admin_keys", key))).Index()
        let key = named.Item.Item2
        where key.Length < ShortestKey || key.Any(letter => letter is <= ' ' or > '~')
        select $"{named.Item.Item1} holds a key of {key.Length} characters (the {named.Index + 1}. of all); each needs at least {ShortestKey}, "
            + "of ASCII without blanks. One is made by: openssl rand -hex 24";

    private IEnumerable<string> LimitFaults()
    {
        foreach (var (name, value, least, most) in new[]
        {
            ("max_batch", MaxBatch, 1, 1024), ("max_batch_tokens", MaxBatchTokens, 1, Far), ("max_queue", MaxQueue, 1, Far),
            ("workers", Workers, 1, 256), ("max_reason_batch", MaxReasonBatch, 1, 1024), ("max_streams", MaxStreams, 1, 1024),
            ("max_body_bytes", MaxBodyBytes, 64, 1 << 30), ("max_inputs", MaxInputs, 1, Far), ("max_characters", MaxCharacters, 1, 1 << 30),
            ("max_tokens", MaxTokens ?? 1, 1, Far), ("max_choices", MaxChoices, 2, Far), ("max_connections", MaxConnections, 1, Far),
        })
        {
            if (value < least || value > most)
            {
                yield return string.Create(CultureInfo.InvariantCulture, $"{name} is {value}; it must be from {least} to {most}.");
            }
        }

        foreach (var (name, value, least, most) in new[]
        {
            ("max_wait", MaxWait, 0, 1000), ("latency_limit", LatencyLimit, 1, 600_000), ("reason_latency_limit", ReasonLatencyLimit, 1, 600_000),
            ("deadline", Deadline, 1, 600_000), ("drain_limit", DrainLimit, 0, 600_000), ("watch_every", WatchEvery, 0, 86_400_000),
        })
        {
            if (value.TotalMilliseconds < least || value.TotalMilliseconds > most)
            {
                yield return string.Create(
                    CultureInfo.InvariantCulture, $"{name} is {value.TotalMilliseconds:0.###}ms; it must be from {least}ms to {most}ms.");
            }
        }

        if (MaxInputs > MaxQueue)
        {
            yield return $"max_inputs is {MaxInputs}, more than max_queue, {MaxQueue}: a request of that size could never be accepted.";
        }
    }
}
