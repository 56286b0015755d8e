using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace StepDistill.Inference.Hosting;

/// <summary>Opens a student and asks it a sentence, so that the first real question does not pay for loading.</summary>
/// <remarks>Before any other service of the host starts: no server takes requests for a student that cannot answer.</remarks>
/// <param name="student">The student.</param>
/// <param name="check">What else must hold at the start, such as that labels fit an enum.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">Told how long it took.</param>
internal sealed class WarmUpService(HostedStudent student, Action check, TimeProvider time, ILogger<WarmUpService> logger) : IHostedLifecycleService
{
    public async Task StartingAsync(CancellationToken cancellationToken)
    {
        if (!student.WarmsUp)
        {
            return;
        }

        var started = time.GetTimestamp();
        await Task.Run(() => student.Try(cancellationToken), cancellationToken).ConfigureAwait(false);
        check();
        if (logger.IsEnabled(LogLevel.Information))
        {
            var what = student.Student.Description;
            var seconds = time.GetElapsedTime(started).TotalSeconds;
            logger.LogInformation("The student {Student} {Version} is warm after {Seconds:0.00} s.", what.Name, what.Version, seconds);
        }
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
