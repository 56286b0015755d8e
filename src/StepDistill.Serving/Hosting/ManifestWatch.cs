namespace StepDistill.Serving.Hosting;

/// <summary>Tells when a file has been written anew, by looking at it from time to time.</summary>
/// <remarks>
/// Not by notifications of the file system: mounted and network folders send none. A student's manifest is written last, so a
/// new one means a whole student; it must look the same twice before it is believed.
/// </remarks>
internal sealed class ManifestWatch : IDisposable
{
    private readonly string _path;
    private readonly Action _changed;
    private readonly ITimer _timer;
    private readonly Lock _gate = new();
    private (DateTime, long)? _known;
    private (DateTime, long)? _seen;

    /// <summary>Begins to look.</summary>
    /// <param name="path">The file.</param>
    /// <param name="every">How often.</param>
    /// <param name="changed">Called once for each new state.</param>
    /// <param name="clock">The time.</param>
    public ManifestWatch(string path, TimeSpan every, Action changed, TimeProvider clock)
    {
        (_path, _changed) = (path, changed);
        _known = _seen = Look();
        _timer = clock.CreateTimer(_ => Compare(), null, every, every);
    }

    /// <inheritdoc/>
    public void Dispose() => _timer.Dispose();

    private void Compare()
    {
        lock (_gate)
        {
            var now = Look();
            var settled = now == _seen;
            _seen = now;
            if (!settled || now is null || now == _known)
            {
                return;
            }

            _known = now;
        }

        _changed();
    }

    private (DateTime, long)? Look()
    {
        try
        {
            var file = new FileInfo(_path);
            return file.Exists ? (file.LastWriteTimeUtc, file.Length) : null;
        }
        catch (IOException)
        {
            return null;
        }
    }
}
