using System.Runtime.InteropServices;

namespace StepDistill.Cli;

/// <summary>Turns the first Ctrl-C or SIGTERM into a wish to stop, so that work under way is saved; the second one ends the process.</summary>
internal sealed class StopSignals : IDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly List<PosixSignalRegistration> _registrations;

    /// <summary>Begins to listen.</summary>
    public StopSignals() => _registrations =
    [
        PosixSignalRegistration.Create(PosixSignal.SIGINT, Hear),
        PosixSignalRegistration.Create(PosixSignal.SIGTERM, Hear),
    ];

    /// <summary>Cancelled when the user wants to stop.</summary>
    public CancellationToken Token => _stop.Token;

    /// <inheritdoc/>
    public void Dispose()
    {
        _registrations.ForEach(registration => registration.Dispose());
        _stop.Dispose();
    }

    private void Hear(PosixSignalContext context)
    {
        context.Cancel = true;
        if (_stop.IsCancellationRequested)
        {
            Console.Error.WriteLine("Stopped at once.");
            Environment.Exit(ExitCode.Stopped);
        }

        Console.Error.WriteLine("Stopping; saving what is done. Press Ctrl-C again to end at once.");
        _stop.Cancel();
    }
}
