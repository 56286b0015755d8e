using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using StepDistill.Files;

namespace StepDistill.Runs;

/// <summary>
/// Writes and reads <c>events.jsonl</c>: one event a line, each handed to the operating system as it happens.
/// </summary>
/// <remarks>
/// A process that is killed may leave its last line torn; readers pass over it. Appending is safe from several threads.
/// </remarks>
public sealed class RunLog : IDisposable
{
    private readonly Lock _gate = new();
    private readonly string _path;
    private readonly FileStream _file;
    private readonly TimeProvider _clock;

    private RunLog(string path, FileMode mode, TimeProvider clock)
    {
        _path = path;
        _clock = clock;
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
        _file = new FileStream(path, mode, FileAccess.Write, FileShare.Read, bufferSize: 0);
        _file.Seek(0, SeekOrigin.End);
    }

    /// <summary>Begins a log; what a run that never reached a checkpoint has left is dropped.</summary>
    /// <param name="path">The file.</param>
    /// <param name="clock">Tells when events happen.</param>
    public static RunLog Create(string path, TimeProvider clock) => new(path, FileMode.Create, clock);

    /// <summary>Goes on with a log from a checkpoint, and notes that with a <see cref="Resumed"/> event.</summary>
    /// <param name="path">The file; it may be missing.</param>
    /// <param name="step">The checkpoint's step.</param>
    /// <param name="clock">Tells when events happen.</param>
    /// <remarks>
    /// Whatever came after the checkpoint is dropped, because it will happen again. In the end the log is that of a run
    /// that was never interrupted, but for times, the <see cref="Resumed"/> lines, and where among the steps that follow it
    /// a <see cref="CheckpointWritten"/> stands.
    /// </remarks>
    /// <exception cref="StepDistillException">A line other than the last cannot be understood.</exception>
    public static RunLog Resume(string path, int step, TimeProvider clock)
    {
        var kept = Lines(path).Where(line => line.Event?.Step <= step).ToList();
        var checkpoint = kept.FindLastIndex(line => line.Event is CheckpointWritten written && written.Step == step);
        if (checkpoint >= 0)
        {
            kept.RemoveRange(checkpoint + 1, kept.Count - checkpoint - 1);
        }

        // Without a run that goes on, an end is no end.
        kept.RemoveAll(line => line.Event is Failed or Finished or StoppedEarly);
        AtomicFile.WriteText(path, string.Concat(kept.Select(line => line.Text + "\n")));

        var log = new RunLog(path, FileMode.OpenOrCreate, clock);
        if (checkpoint < 0)
        {
            log.Append(new CheckpointWritten { Step = step });      // killed between the checkpoint and its line
        }

        log.Append(new Resumed { Step = step });
        return log;
    }

    /// <summary>Writes an event with the present time.</summary>
    /// <param name="happened">The event.</param>
    /// <exception cref="StepDistillException">The disk is full or cannot be written; the lines so far are untouched.</exception>
    public void Append(RunEvent happened)
    {
        var line = JsonSerializer.Serialize(happened with { At = _clock.GetUtcNow() }, RunJson.Line) + "\n";
        lock (_gate)
        {
            var end = _file.Position;
            try
            {
                _file.Write(Encoding.UTF8.GetBytes(line));
            }
            catch (IOException e)
            {
                CutAt(end);
                throw new StepDistillException(
                    $"The log {_path} cannot be written: {e.Message} What was finished before is complete. Make room, then run the "
                    + "same command again: training goes on from its newest checkpoint.", e);
            }
        }
    }

    /// <summary>Reads the events so far; none where the file is missing.</summary>
    /// <param name="path">The file; it may be written at the same time.</param>
    /// <exception cref="StepDistillException">A line other than the last cannot be understood.</exception>
    public static IEnumerable<RunEvent> Read(string path) =>
        from line in Lines(path)
        where line.Event is not null
        select line.Event;

    /// <summary>
    /// Reads the events so far and then waits for more, until the run finishes, fails or the wait is cancelled.
    /// </summary>
    /// <param name="path">The file; it may still be missing.</param>
    /// <param name="clock">Tells how long to wait between looks.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <remarks>A log that is cut back by <see cref="Resume"/> is read anew from where it was cut.</remarks>
    public static async IAsyncEnumerable<RunEvent> FollowAsync(
        string path, TimeProvider clock, [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        var seen = 0;
        while (true)
        {
            var count = 0;
            foreach (var line in Lines(path, skip: seen))
            {
                count = line.Number;
                if (line.Event is { } happened)
                {
                    seen = line.Number;
                    yield return happened;
                    if (happened is Finished or Failed)
                    {
                        yield break;
                    }
                }
            }

            seen = Math.Min(seen, count);
            await Task.Delay(TimeSpan.FromMilliseconds(500), clock, cancellation).ConfigureAwait(false);
        }
    }

    /// <summary>Closes the file.</summary>
    public void Dispose() => _file.Dispose();

    /// <summary>Drops half a line: if others followed, it would be an error in the middle.</summary>
    private void CutAt(long end)
    {
        try
        {
            _file.SetLength(end);
            _file.Position = end;
        }
        catch (IOException)
        {
            // Nothing more can be done, and what has failed before is about to be told.
        }
    }

    // A line is torn, and its event null, where it is the last one and cannot be read. Skipped lines have none either.
    private static IEnumerable<(int Number, string Text, RunEvent? Event)> Lines(string path, int skip = 0)
    {
        if (!File.Exists(path))
        {
            yield break;
        }

        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        using var reader = new StreamReader(stream, Encoding.UTF8);
        for (var number = 1; reader.ReadLine() is { } text; number++)
        {
            yield return (number, text, number <= skip ? null : Parse(path, number, text, isLast: reader.EndOfStream));
        }
    }

    private static RunEvent? Parse(string path, int number, string text, bool isLast)
    {
        try
        {
            return JsonSerializer.Deserialize<RunEvent>(text, RunJson.Line) ?? throw new JsonException("It is null.");
        }
        catch (Exception e) when (e is JsonException or NotSupportedException)     // the latter: no known kind
        {
            return isLast ? null : throw new StepDistillException(
                $"{path}, line {number}: this is not an event of a run ({e.Message}) "
                + "Delete the line, or the run's folder to start over.", e);
        }
    }
}
