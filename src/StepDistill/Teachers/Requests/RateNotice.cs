using System.Globalization;
using System.Text.RegularExpressions;

namespace StepDistill.Teachers.Requests;

/// <summary>What the headers of one reply say about limits.</summary>
/// <param name="Limits">What a minute allows.</param>
/// <param name="Wait">How long to send nothing at all; null where the reply does not ask for it.</param>
public sealed partial record RateNotice(RateLimits Limits, TimeSpan? Wait)
{
    /// <summary>The longest wait that is believed: whoever asks for more is asked again after it.</summary>
    public static readonly TimeSpan LongestWait = TimeSpan.FromHours(1);

    /// <summary>Reads a reply's headers.</summary>
    /// <remarks>
    /// OpenAI and servers like it: <c>x-ratelimit-limit-requests</c>, <c>-remaining-requests</c>, <c>-reset-requests</c>, the
    /// same of <c>tokens</c>, with times like <c>1m30s</c> or <c>250ms</c> (platform.openai.com/docs/guides/rate-limits).
    /// Anthropic: <c>anthropic-ratelimit-requests-limit</c> and so on, with times of day (docs.anthropic.com/en/api/rate-limits).
    /// <c>Retry-After</c> (RFC 9110, 10.2.3) in seconds or as a date, and <c>retry-after-ms</c>. A header that makes no
    /// sense is passed over: it must not stop a run.
    /// </remarks>
    /// <param name="header">A header's value by its name; null where it is missing.</param>
    /// <param name="now">The time, for headers that name a time of day.</param>
    public static RateNotice Read(Func<string, string?> header, DateTimeOffset now)
    {
        var requests = Resource("requests");
        var tokens = Resource("tokens");
        var wait = Longest(Longest(RetryAfter(header, now), requests.Wait), tokens.Wait);
        return new(new RateLimits(requests.Limit, tokens.Limit), wait);

        (long? Limit, TimeSpan? Wait) Resource(string name)
        {
            var limit = Count(header($"x-ratelimit-limit-{name}") ?? header($"anthropic-ratelimit-{name}-limit"));
            var left = Count(header($"x-ratelimit-remaining-{name}") ?? header($"anthropic-ratelimit-{name}-remaining"));
            var reset = header($"x-ratelimit-reset-{name}") ?? header($"anthropic-ratelimit-{name}-reset");
            return (limit is > 0 ? limit : null, left == 0 ? Span(reset, now) : null);
        }
    }

    /// <summary>How long a reply asks to wait before the next request.</summary>
    /// <param name="header">A header's value by its name.</param>
    /// <param name="now">The time.</param>
    public static TimeSpan? RetryAfter(Func<string, string?> header, DateTimeOffset now) =>
        Count(header("retry-after-ms")) is { } milliseconds
            ? Believed(milliseconds / 1000.0)
            : Span(header("Retry-After"), now);

    /// <summary>A length of time: seconds, <c>1h2m3.5s</c>, <c>250ms</c>, or a date; null where it is none of them.</summary>
    private static TimeSpan? Span(string? text, DateTimeOffset now)
    {
        text = text?.Trim();
        if (string.IsNullOrEmpty(text))
        {
            return null;
        }

        if (double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var seconds) && double.IsFinite(seconds))
        {
            return Believed(seconds);
        }

        if (Parts().Match(text) is { Success: true } parts)
        {
            return Believed(
                (3600 * Part(parts.Groups[1])) + (60 * Part(parts.Groups[2])) + Part(parts.Groups[3]) + (Part(parts.Groups[4]) / 1000));
        }

        return DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var date)
            ? Believed((date - now).TotalSeconds)
            : null;
    }

    private static double Part(Group group) =>
        group.Success && double.TryParse(group.Value, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var value) ? value : 0;

    private static TimeSpan Believed(double seconds) =>
        TimeSpan.FromSeconds(Math.Clamp(seconds, 0, LongestWait.TotalSeconds));

    private static TimeSpan? Longest(TimeSpan? one, TimeSpan? other) => one is null || other > one ? other : one;

    private static long? Count(string? text) =>
        long.TryParse(text?.Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out var value) ? value : null;

    [GeneratedRegex(@"^(?=.)(?:(\d{1,6}(?:\.\d{1,9})?)h)?(?:(\d{1,6}(?:\.\d{1,9})?)m(?!s))?(?:(\d{1,9}(?:\.\d{1,9})?)s)?(?:(\d{1,9}(?:\.\d{1,9})?)ms)?$", RegexOptions.CultureInvariant)]
    private static partial Regex Parts();
}
