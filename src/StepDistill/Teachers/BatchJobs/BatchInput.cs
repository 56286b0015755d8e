using System.Text;

namespace StepDistill.Teachers.BatchJobs;

/// <summary>A file of requests that is being filled, a line for each: never more than one batch is on the disk.</summary>
internal sealed class BatchInput : IDisposable
{
    private const int KeyLength = 64;

    private static readonly byte[] AfterKey = Encoding.UTF8.GetBytes($"\",\"method\":\"POST\",\"url\":\"{BatchAddress.Chat}\",\"body\":");
    private static readonly byte[] BeforeKey = "{\"custom_id\":\""u8.ToArray();
    private static readonly byte[] End = "}\n"u8.ToArray();

    private readonly BatchLimits _limits;
    private readonly FileStream _file;
    private readonly HashSet<string> _keys = new(StringComparer.Ordinal);
    private long _bytes;

    /// <summary>Begins a file; one that is there is replaced.</summary>
    /// <param name="path">Where.</param>
    /// <param name="limits">What a batch may hold.</param>
    public BatchInput(string path, BatchLimits limits)
    {
        (Path, _limits) = (path, limits);
        _file = new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.Read);
    }

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>Whose requests it holds.</summary>
    public IReadOnlyCollection<string> Keys => _keys;

    /// <summary>The most tokens that its prompts can have.</summary>
    public long Tokens { get; private set; }

    /// <summary>Whether a question is in it.</summary>
    public bool Holds(string key) => _keys.Contains(key);

    /// <summary>Whether another request fits. The first always does: the service has the last word on it.</summary>
    /// <param name="body">The request.</param>
    public bool HasRoomFor(ReadOnlyMemory<byte> body) => _keys.Count == 0
        || (_keys.Count < _limits.Requests && _bytes + LengthOf(body) <= _limits.Bytes);

    /// <summary>Adds a request.</summary>
    /// <param name="key">The annotation's key.</param>
    /// <param name="body">The request.</param>
    /// <param name="tokens">The most tokens that its prompt can have.</param>
    public void Add(string key, ReadOnlyMemory<byte> body, long tokens)
    {
        if (_keys.Add(key))
        {
            _file.Write(BeforeKey);
            _file.Write(Encoding.ASCII.GetBytes(key));
            _file.Write(AfterKey);
            _file.Write(body.Span);
            _file.Write(End);
            _bytes += LengthOf(body);
            Tokens += tokens;
        }
    }

    /// <summary>Hands everything to the operating system, so that the file can be read.</summary>
    public void Complete() => _file.Flush();

    /// <summary>Closes the file and removes it.</summary>
    public void Dispose()
    {
        _file.Dispose();
        File.Delete(Path);
    }

    private static int LengthOf(ReadOnlyMemory<byte> body) => BeforeKey.Length + KeyLength + AfterKey.Length + body.Length + End.Length;
}
