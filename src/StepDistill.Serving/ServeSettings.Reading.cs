using System.Globalization;
using Microsoft.Extensions.Configuration;

namespace StepDistill.Serving;

public sealed partial record ServeSettings
{
    /// <summary>Before the names of environment variables: <c>STEPDISTILL_SERVE_KEYS</c>, <c>STEPDISTILL_SERVE_MAX_BATCH</c>, ….</summary>
    public const string EnvironmentPrefix = "STEPDISTILL_SERVE_";

    /// <summary>Every setting by its name in configuration, and how its text is read.</summary>
    private static readonly Dictionary<string, Func<ServeSettings, IConfigurationSection, ServeSettings>> Readers = new(StringComparer.OrdinalIgnoreCase)
    {
        ["url"] = (all, one) => all with { Url = one.Value! },
        ["open"] = (all, one) => all with { Open = Switch(one) },
        ["keys"] = (all, one) => all with { Keys = List(one) },
        ["admin_keys"] = (all, one) => all with { AdminKeys = List(one) },
        ["certificate"] = (all, one) => all with { Certificate = one.Value },
        ["certificate_key"] = (all, one) => all with { CertificateKey = one.Value },
        ["certificate_password"] = (all, one) => all with { CertificatePassword = one.Value },
        ["max_batch"] = (all, one) => all with { MaxBatch = Number(one) },
        ["max_batch_tokens"] = (all, one) => all with { MaxBatchTokens = Number(one) },
        ["max_wait"] = (all, one) => all with { MaxWait = Time(one) },
        ["latency_limit"] = (all, one) => all with { LatencyLimit = Time(one) },
        ["max_queue"] = (all, one) => all with { MaxQueue = Number(one) },
        ["deadline"] = (all, one) => all with { Deadline = Time(one) },
        ["workers"] = (all, one) => all with { Workers = Number(one) },
        ["max_reason_batch"] = (all, one) => all with { MaxReasonBatch = Number(one) },
        ["reason_latency_limit"] = (all, one) => all with { ReasonLatencyLimit = Time(one) },
        ["max_streams"] = (all, one) => all with { MaxStreams = Number(one) },
        ["max_body_bytes"] = (all, one) => all with { MaxBodyBytes = Number(one) },
        ["max_inputs"] = (all, one) => all with { MaxInputs = Number(one) },
        ["max_characters"] = (all, one) => all with { MaxCharacters = Number(one) },
        ["max_tokens"] = (all, one) => all with { MaxTokens = Number(one) },
        ["max_choices"] = (all, one) => all with { MaxChoices = Number(one) },
        ["max_connections"] = (all, one) => all with { MaxConnections = Number(one) },
        ["drain_limit"] = (all, one) => all with { DrainLimit = Time(one) },
        ["watch_every"] = (all, one) => all with { WatchEvery = Time(one) },
    };

    /// <summary>Names of all settings in configuration.</summary>
    internal static IEnumerable<string> Names => Readers.Keys;

    /// <summary>Reads settings: names in snake case, times such as <c>5ms</c> or <c>2s</c>, several keys as an array or with commas between them.</summary>
    /// <param name="configuration">A section of an application's configuration, or environment variables without <see cref="EnvironmentPrefix"/>.</param>
    /// <param name="unlessSet">What holds where the configuration says nothing; null for the defaults.</param>
    /// <exception cref="StepDistillException">A name is unknown, or a value has another form; no value of a key or password is told.</exception>
    public static ServeSettings Read(IConfiguration configuration, ServeSettings? unlessSet = null)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        var settings = unlessSet ?? new ServeSettings();
        foreach (var section in configuration.GetChildren())
        {
            settings = Readers.TryGetValue(section.Key, out var read)
                ? read(settings, section)
                : throw new StepDistillException(
                    $"There is no setting '{section.Key}' of serving. There are: {string.Join(", ", Names.Order(StringComparer.Ordinal))}.");
        }

        return settings;
    }

    /// <summary>Reads settings from environment variables.</summary>
    /// <param name="unlessSet">What holds where no variable is set; null for the defaults.</param>
    /// <exception cref="StepDistillException">A name is unknown, or a value has another form.</exception>
    public static ServeSettings FromEnvironment(ServeSettings? unlessSet = null) =>
        Read(new ConfigurationBuilder().AddEnvironmentVariables(EnvironmentPrefix).Build(), unlessSet);

    /// <summary>Reads a time such as <c>5ms</c>, <c>0.25s</c>, <c>2m</c>; null where it is none.</summary>
    /// <param name="text">The text.</param>
    public static TimeSpan? ReadTime(string? text)
    {
        text = text?.Trim() ?? "";
        var (digits, unit) = text switch
        {
            [.. var number, 'm', 's'] => (number, 1.0),
            [.. var number, 's'] => (number, 1e3),
            [.. var number, 'm'] => (number, 60e3),
            "0" => ("0", 1.0),
            _ => ("", 0.0),
        };
        return double.TryParse(digits, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var value) && value * unit < 1e9
            ? TimeSpan.FromMilliseconds(value * unit)
            : null;
    }

    private static TimeSpan Time(IConfigurationSection one) => ReadTime(one.Value)
        ?? throw new StepDistillException($"{one.Key} is '{one.Value}'; it must be a time such as 5ms, 0.25s or 2m.");

    private static int Number(IConfigurationSection one) => int.TryParse(one.Value, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
        ? number
        : throw new StepDistillException($"{one.Key} is '{one.Value}'; it must be a whole number.");

    private static bool Switch(IConfigurationSection one) => one.Value?.Trim().ToLowerInvariant() switch
    {
        "true" or "1" or "yes" => true,
        "false" or "0" or "no" or "" => false,
        _ => throw new StepDistillException($"{one.Key} is '{one.Value}'; it must be true or false."),
    };

    private static string[] List(IConfigurationSection one) => one.Value is { } text
        ? text.Split([',', ';', '\n', '\r'], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
        : [.. one.GetChildren().Select(child => child.Value ?? "")];
}
