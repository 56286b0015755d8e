using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;
using StepDistill.Serving.Http;

namespace StepDistill.Serving.Page;

/// <summary><c>GET /</c>: one file in which a person tries the student. It asks nobody but this server.</summary>
internal static class StudentPage
{
    private static readonly byte[] Html = Read();

    /// <summary>Allows the page's own script and style, by their hashes, and questions to its own server: nothing else.</summary>
    private static readonly string Policy =
        $"default-src 'none'; script-src {Hash("script")}; style-src {Hash("style")}; connect-src 'self'; img-src data:; "
        + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    /// <summary>Sends the page.</summary>
    public static Task AnswerAsync(HttpContext http)
    {
        http.Response.Headers.ContentSecurityPolicy = Policy;
        return Answers.WriteAsync(http, Html, "text/html; charset=utf-8");
    }

    private static byte[] Read()
    {
        using var stream = typeof(StudentPage).Assembly.GetManifestResourceStream("page.html")!;
        var page = new byte[stream.Length];
        stream.ReadExactly(page);
        return page;
    }

    /// <summary>The hash of what stands between an element's tags, as a content security policy names it.</summary>
    private static string Hash(string element)
    {
        var page = Encoding.UTF8.GetString(Html);
        var begin = page.IndexOf($"<{element}>", StringComparison.Ordinal) + element.Length + 2;
        var end = page.IndexOf($"</{element}>", begin, StringComparison.Ordinal);
        return $"'sha256-{Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(page[begin..end])))}'";
    }
}
