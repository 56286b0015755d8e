using StepDistill.Teachers.Requests;

namespace StepDistill.Cli.Teachers;

/// <summary>Passes what a server's replies say about its limits on to the gate that requests go through.</summary>
/// <param name="gate">The gate.</param>
/// <param name="time">The clock.</param>
internal sealed class RateHeaders(RequestGate gate, TimeProvider time) : DelegatingHandler(new SocketsHttpHandler())
{
    /// <inheritdoc/>
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var response = await base.SendAsync(request, cancellationToken).ConfigureAwait(false);
        gate.Hear(RateNotice.Read(
            name => response.Headers.TryGetValues(name, out var values) ? values.FirstOrDefault() : null, time.GetUtcNow()));
        return response;
    }
}
