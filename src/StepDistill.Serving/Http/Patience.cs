using System.Globalization;
using Microsoft.AspNetCore.Http;

namespace StepDistill.Serving.Http;

/// <summary>How long a client is willing to wait: <c>Prefer: wait=SECONDS</c> of RFC 7240.</summary>
internal static class Patience
{
    /// <summary>Reads the header; null where the client says nothing that is understood, as the RFC wants.</summary>
    public static TimeSpan? Of(HttpRequest request)
    {
        foreach (var preference in request.Headers["Prefer"].SelectMany(header => header?.Split(',', ';') ?? []))
        {
            if (preference.Trim() is ['w', 'a', 'i', 't', '=', .. var number]
                && int.TryParse(number.Trim('"'), NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) && seconds is > 0 and < 3600)
            {
                return TimeSpan.FromSeconds(seconds);
            }
        }

        return null;
    }
}
