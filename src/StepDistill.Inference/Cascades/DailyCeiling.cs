using System.Text.Json;
using StepDistill.Files;

namespace StepDistill.Inference.Cascades;

/// <summary>Counts the large model's calls of a day, and refuses those above a ceiling.</summary>
/// <remarks>
/// A day is one of UTC. With a file the count outlives the process: it is on the disk before a call is allowed, so a process that
/// is killed counts a call too many, never one too few. A clock that goes back does not begin a day again. Safe for use by several
/// threads at once; several processes need files of their own, and each has the ceiling to itself.
/// </remarks>
internal sealed class DailyCeiling : IDisposable
{
    private const int MostBytes = 4096;

    private readonly int _most;
    private readonly string? _path;
    private readonly FileStream? _held;
    private readonly TimeProvider _time;
    private readonly Lock _counting = new();
    private SpentCalls _spent;
    private string? _fault;

    /// <param name="most">The ceiling, from 0.</param>
    /// <param name="path">Where the count is kept; null to forget it with the process.</param>
    /// <param name="time">The clock.</param>
    /// <exception cref="StepDistillException">The file is not such a count, cannot be written, or is another process's.</exception>
    public DailyCeiling(int most, string? path, TimeProvider time)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(most);
        (_most, _path, _time) = (most, path is null ? null : Path.GetFullPath(path), time);
        _spent = new(Today, 0);
        if (_path is not null)
        {
            try
            {
                Directory.CreateDirectory(Path.GetDirectoryName(_path)!);
                _held = new FileStream(_path + ".lock", FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
                _spent = File.Exists(_path) ? Read(_path, Today) : _spent;
                Save(_spent);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                _held?.Dispose();
                throw new StepDistillException(
                    $"Calls of the large model cannot be counted in {_path}: {e.Message} Choose a place that can be written, and a file "
                    + "of its own for each process.", e);
            }
            catch
            {
                _held?.Dispose();
                throw;
            }
        }
    }

    /// <summary>Calls of the present day.</summary>
    public int Spent
    {
        get
        {
            lock (_counting)
            {
                return Current().Calls;
            }
        }
    }

    /// <summary>Why the count is not on the disk; null where it is.</summary>
    public string? Fault => Volatile.Read(ref _fault);

    /// <summary>Counts a call, unless the day has had its share.</summary>
    /// <returns>Whether the call is allowed.</returns>
    public bool TryTake()
    {
        lock (_counting)
        {
            var now = Current();
            if (now.Calls >= _most)
            {
                return false;
            }

            _spent = now with { Calls = now.Calls + 1 };
            try
            {
                Save(_spent);
                _fault = null;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                _fault = e.Message;     // the count goes on in memory: a full disk is no reason to refuse callers
            }

            return true;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _held?.Dispose();

    private DateOnly Today => DateOnly.FromDateTime(_time.GetUtcNow().UtcDateTime);

    private SpentCalls Current() => Today is var today && today > _spent.Day ? new(today, 0) : _spent;

    private void Save(SpentCalls spent)
    {
        if (_path is not null)
        {
            AtomicFile.Write(_path, stream => JsonSerializer.Serialize(stream, spent, CascadeJson.Default.SpentCalls));
        }
    }

    private static SpentCalls Read(string path, DateOnly today)
    {
        try
        {
            var bytes = BoundedFile.ReadAllBytes(path, MostBytes, "a count of calls");
            return JsonSerializer.Deserialize(bytes, CascadeJson.Default.SpentCalls) is not { Calls: >= 0 } spent
                ? throw new JsonException("it holds no number of calls")
                : spent.Day > today.AddDays(1) ? throw new JsonException($"its day, {spent.Day:O}, is yet to come") : spent;
        }
        catch (JsonException e)
        {
            throw new StepDistillException(
                $"{path} is no count of a day's calls ({e.Message.TrimEnd('.')}). Look what it is and move it away; then the day's count begins at 0.", e);
        }
    }
}
