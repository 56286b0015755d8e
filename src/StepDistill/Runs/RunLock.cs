namespace StepDistill.Runs;

/// <summary>
/// Keeps a second process out of a run's folder while it is held. It ends with its process, however that ends.
/// </summary>
public sealed class RunLock : IDisposable
{
    private const int SharingViolation = 32;    // Windows
    private const int EAgain = 11;              // Linux: errno of a lock that somebody else holds
    private const int EAgainOnMac = 35;

    private readonly FileStream _file;

    private RunLock(FileStream file) => _file = file;

    /// <summary>Takes the lock; the folder is made where it is missing.</summary>
    /// <param name="folder">The run's folder.</param>
    /// <exception cref="StepDistillException">Another process holds it.</exception>
    public static RunLock Take(RunFolder folder)
    {
        Directory.CreateDirectory(folder.Root);
        if (TryTake(folder) is { } taken)
        {
            return taken;
        }

        Thread.Sleep(100);      // whoever lists runs holds it for a moment
        return TryTake(folder) ?? throw new StepDistillException(
            $"Another process is at work in {folder.Root} (it holds {Path.GetFileName(folder.Lock)}). "
            + "Wait until it ends, or stop it; the lock goes with it.");
    }

    /// <summary>Whether some process holds the lock now.</summary>
    /// <param name="folder">The run's folder.</param>
    public static bool IsHeld(RunFolder folder)
    {
        if (!File.Exists(folder.Lock))
        {
            return false;
        }

        using var mine = TryTake(folder);
        return mine is null;
    }

    /// <summary>Waits until nobody holds the lock, but not for long: a process that was told to stop needs a moment to save its work.</summary>
    /// <param name="folder">The run's folder.</param>
    /// <param name="clock">Tells how long to wait between looks.</param>
    /// <param name="cancellation">Ends the wait.</param>
    public static async Task WhenFreeAsync(RunFolder folder, TimeProvider clock, CancellationToken cancellation = default)
    {
        for (var look = 0; look < 120 && IsHeld(folder); look++)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(500), clock, cancellation).ConfigureAwait(false);
        }
    }

    /// <summary>
    /// Gives the lock back. The file stays: deleting it would let two processes lock two files of one name.
    /// </summary>
    public void Dispose() => _file.Dispose();

    private static RunLock? TryTake(RunFolder folder)
    {
        try
        {
            return new(new FileStream(folder.Lock, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
        }
        catch (IOException e) when ((e.HResult & 0xFFFF) is SharingViolation or EAgain or EAgainOnMac)
        {
            return null;
        }
    }
}
