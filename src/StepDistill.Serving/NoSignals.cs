using Microsoft.Extensions.Hosting;

namespace StepDistill.Serving;

/// <summary>Leaves Ctrl-C to whoever runs the server: a library does not listen for it.</summary>
internal sealed class NoSignals : IHostLifetime
{
    /// <inheritdoc/>
    public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
