using System.Text;

namespace StepDistill.Cli.Teachers;

/// <summary>Takes the key out of what a server says when it refuses a request: some repeat it, and their words are shown and stored.</summary>
/// <param name="inner">Sends the requests.</param>
internal sealed class CredentialFilter(HttpMessageHandler inner) : DelegatingHandler(inner)
{
    /// <inheritdoc/>
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var response = await base.SendAsync(request, cancellationToken).ConfigureAwait(false);
        if (!response.IsSuccessStatusCode && KeyOf(request) is { Length: > 0 } key)
        {
            var body = await response.Content.ReadAsByteArrayAsync(cancellationToken).ConfigureAwait(false);
            var text = Encoding.UTF8.GetString(body);
            if (text.Contains(key, StringComparison.Ordinal))
            {
                var type = response.Content.Headers.ContentType;
                response.Content = new StringContent(text.Replace(key, "[KEY]", StringComparison.Ordinal));
                response.Content.Headers.ContentType = type;
            }
        }

        return response;
    }

    private static string? KeyOf(HttpRequestMessage request) =>
        request.Headers.Authorization?.Parameter
        ?? Header(request, "api-key")
        ?? Header(request, "x-api-key");

    private static string? Header(HttpRequestMessage request, string name) =>
        request.Headers.TryGetValues(name, out var values) ? values.FirstOrDefault() : null;
}
