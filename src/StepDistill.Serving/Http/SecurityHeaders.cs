using Microsoft.AspNetCore.Http;

namespace StepDistill.Serving.Http;

/// <summary>Headers that keep browsers from doing more with an answer than they should.</summary>
internal static class SecurityHeaders
{
    /// <summary>Adds those that every answer bears. Answers are never stored: they hold what somebody asked.</summary>
    public static void AddTo(IHeaderDictionary headers)
    {
        headers.XContentTypeOptions = "nosniff";
        headers.CacheControl = "no-store";
        headers.ContentSecurityPolicy = "default-src 'none'; frame-ancestors 'none'";
        headers["Referrer-Policy"] = "no-referrer";
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
        headers.XFrameOptions = "DENY";
    }
}
