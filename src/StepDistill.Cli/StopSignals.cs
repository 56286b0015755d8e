using System.Runtime.InteropServices;

namespace StepDistill.Cli;

/// <summary>Turns the first Ctrl-C or SIGTERM into a wish to stop, so that work under way is saved; the second one ends the process.</summary>
internal sealed class StopSignals : IDisposable
{
    /// <summary>One press may arrive twice: from the terminal, and again from a program that passes signals on.</summary>
    private static readonly TimeSpan OnePress = TimeSpan.FromSeconds(1);

    private readonly CancellationTokenSource _stop = new();
    private long _first;
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
            if (TimeProvider.System.GetElapsedTime(_first) < OnePress)
            {
                return;
            }

            Console.Error.WriteLine("Stopped at once.");
            Environment.Exit(ExitCode.Stopped);
        }

        Console.Error.WriteLine("Stopping; saving what is done. Press Ctrl-C again to end at once.");
        _first = TimeProvider.System.GetTimestamp();
        _stop.Cancel();
    }
}
