using StepDistill.Runs;
using StepDistill.Training.Devices;
using StepDistill.Training.Models.T5;
using StepDistill.Training.Optimization;

namespace StepDistill.Training.Checkpoints;

/// <summary>Writes a training's checkpoints beside it: copies the training and lets it go on while the copy is written.</summary>
/// <remarks>
/// One checkpoint is written at a time; the next one waits for it. All methods are the training's own thread's, and so is
/// what is reported; only files are written on another. A write that failed is thrown by the next call. Where the copy
/// would take more than half of the memory that is free, training waits for the write instead.
/// </remarks>
/// <param name="write">Writes a checkpoint, and keeps that of the step that it is given: <see cref="CheckpointFolder.Write"/>.</param>
/// <param name="network">The student.</param>
/// <param name="optimizer">Its optimizer.</param>
/// <param name="clock">Tells how long training stood still.</param>
/// <param name="written">Told of each checkpoint once it is on the disk.</param>
internal sealed class CheckpointWriter(
    Action<CheckpointContent, int?> write, T5Network network, Optimizer optimizer, TimeProvider clock,
    Action<CheckpointWritten> written) : IDisposable
{
    private readonly Snapshot _snapshot = new();
    private Task? _writing;
    private CheckpointWritten? _begun;

    /// <summary>Whether training goes on while a checkpoint is written.</summary>
    public bool Beside { get; init; } = true;

    /// <summary>What the newest checkpoint says; null before the first one.</summary>
    public TrainerState? Newest { get; set; }

    /// <summary>Begins a checkpoint, unless the newest one says the same already.</summary>
    /// <param name="state">Where the training stands.</param>
    /// <param name="keep">A step whose checkpoint must stay, or null.</param>
    /// <exception cref="StepDistillException">This one or the one before could not be written.</exception>
    public void Begin(TrainerState state, int? keep)
    {
        if (state == Newest)
        {
            return;
        }

        var since = clock.GetTimestamp();
        Finish();
        var content = CheckpointContent.Of(state, network, optimizer);
        var beside = Beside && (_snapshot.HasMemory || content.ByteCount <= AvailableMemory.Now() / 2);
        if (beside)
        {
            // A thread of its own: one of the pool's would be missing where kernels share out their work.
            var copy = _snapshot.Copy(content);
            _writing = Task.Factory.StartNew(
                () => write(copy, keep), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        }
        else
        {
            write(content, keep);
            _writing = Task.CompletedTask;
        }

        Newest = state;
        _begun = new CheckpointWritten { Step = state.Step, SecondsWaited = Math.Round(clock.GetElapsedTime(since).TotalSeconds, 3) };
        FinishIfWritten();
    }

    /// <summary>Reports the checkpoint under way if it is written by now.</summary>
    /// <exception cref="StepDistillException">It could not be written.</exception>
    public void FinishIfWritten()
    {
        if (_writing is { IsCompleted: true })
        {
            Finish();
        }
    }

    /// <summary>Waits for the checkpoint under way, if there is one, and reports it.</summary>
    /// <exception cref="StepDistillException">It could not be written.</exception>
    public void Finish()
    {
        if (_writing is { } writing)
        {
            _writing = null;
            writing.GetAwaiter().GetResult();
            written(_begun!);
        }
    }

    /// <summary>Waits for the checkpoint under way and gives the copy's memory back.</summary>
    public void Dispose()
    {
        // A write is still under way only where training ended by an exception, and that is told.
        if (_writing is { } writing)
        {
            Task.WaitAny(writing);
        }

        _snapshot.Dispose();
    }
}
