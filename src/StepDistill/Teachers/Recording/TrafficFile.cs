using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using StepDistill.Files;

namespace StepDistill.Teachers.Recording;

/// <summary>The file of recorded rows, which only grows. A process that is killed leaves whole lines, but perhaps half a last one, which is cut off when the file is opened again.</summary>
/// <remarks>Not safe for use by several threads at once.</remarks>
internal sealed class TrafficFile : IDisposable
{
    private static readonly JsonSerializerOptions Json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly string _path;
    private readonly FileStream _lock;
    private readonly FileStream _file;
    private readonly Lazy<HashSet<UInt128>> _ids;

    private TrafficFile(string path, FileStream held, FileStream file)
    {
        (_path, _lock, _file) = (path, held, file);
        _ids = new(ReadIds);        // by the thread that writes: an application does not wait for it when it starts
    }

    /// <summary>Opens the file, which is made where it is missing, with its folder.</summary>
    /// <exception cref="StepDistillException">Its place cannot be written, or another process records into it.</exception>
    public static TrafficFile Open(string path)
    {
        path = Path.GetFullPath(path);
        FileStream? held = null;
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            held = new FileStream(path + ".lock", FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            return new(path, held, new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read, bufferSize: 0));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            held?.Dispose();
            throw new StepDistillException(
                $"Calls cannot be recorded into {path}: {e.Message} Choose a place that can be written, and a file of its own for "
                + "each process.", e);
        }
    }

    /// <summary>Whether a row of this id is in the file, or was asked about before.</summary>
    public bool Knows(string id) => !_ids.Value.Add(Short(id));

    /// <summary>Forgets an id whose row could not be written.</summary>
    public void Forget(string id) => _ids.Value.Remove(Short(id));

    /// <summary>Adds rows; when it returns they survive the loss of power.</summary>
    /// <exception cref="IOException">The disk is full or cannot be written; the rows so far are untouched.</exception>
    public void Append(IEnumerable<JsonObject> rows)
    {
        var end = _file.Length;
        try
        {
            _file.Position = end;
            _file.Write(Encoding.UTF8.GetBytes(string.Concat(rows.Select(row => row.ToJsonString(Json) + "\n"))));
            _file.Flush(flushToDisk: true);
        }
        catch (IOException)
        {
            CutAt(end);
            throw;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _file.Dispose();
        _lock.Dispose();
    }

    private HashSet<UInt128> ReadIds()
    {
        var ids = new HashSet<UInt128>();
        var whole = 0L;
        _file.Position = 0;
        using var reader = new StreamReader(_file, Encoding.UTF8, detectEncodingFromByteOrderMarks: false, bufferSize: 1 << 16, leaveOpen: true);
        for (var number = 1; reader.ReadLine() is { } line; number++)
        {
            var bytes = Encoding.UTF8.GetByteCount(line) + 1;
            if (whole + bytes > _file.Length)
            {
                break;      // the last line has no end
            }

            whole += bytes;
            ids.Add(Short(IdOf(line, number)));
        }

        if (whole < _file.Length)
        {
            CutAt(whole);
        }

        return ids;
    }

    private string IdOf(string line, int number)
    {
        try
        {
            return (string?)JsonNode.Parse(line)?["id"] ?? throw new JsonException("it has no 'id'");
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new StepDistillException(
                $"{_path}, line {number}: this is no recorded row ({e.Message}). Nothing more is recorded. Move the file away.", e);
        }
    }

    /// <summary>Drops half a line: if others followed, it would be an error in the middle.</summary>
    private void CutAt(long end)
    {
        try
        {
            _file.SetLength(end);
        }
        catch (IOException)
        {
            // Nothing more can be done, and what has failed before is about to be told.
        }
    }

    private static UInt128 Short(string id) =>
        UInt128.Parse(ContentHash.Of(id).AsSpan(0, 32), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
}
