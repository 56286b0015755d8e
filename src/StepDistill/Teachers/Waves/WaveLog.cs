using System.Text;
using System.Text.Json;

namespace StepDistill.Teachers.Waves;

/// <summary>Which rows each wave asked about: a file with a line for each wave, which only grows.</summary>
/// <remarks>
/// A line is on the disk before the wave's first question, so that a wave that was cut off goes on with the same rows. A
/// last line that a kill cut short is none; it is written over.
/// </remarks>
/// <param name="path">The file.</param>
public sealed class WaveLog(string path)
{
    /// <summary>Reads the waves so far.</summary>
    /// <exception cref="StepDistillException">A whole line is none of ours.</exception>
    public IReadOnlyList<IReadOnlyList<string>> Read() => Lines().Waves;

    /// <summary>Adds a wave.</summary>
    /// <param name="ids">Its rows.</param>
    public void Add(IReadOnlyList<string> ids)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
        var whole = Lines().Length;
        using var file = new FileStream(path, FileMode.OpenOrCreate, FileAccess.Write, FileShare.Read);
        file.SetLength(whole);
        file.Position = whole;
        file.Write(Encoding.UTF8.GetBytes(JsonSerializer.Serialize(new { ids }) + "\n"));
        file.Flush(flushToDisk: true);
    }

    private (IReadOnlyList<IReadOnlyList<string>> Waves, long Length) Lines()
    {
        if (!File.Exists(path))
        {
            return ([], 0);
        }

        var bytes = File.ReadAllBytes(path);
        var (waves, start) = (new List<IReadOnlyList<string>>(), 0);
        for (var end = Array.IndexOf(bytes, (byte)'\n'); end >= 0; end = Array.IndexOf(bytes, (byte)'\n', start))
        {
            waves.Add(Parse(bytes.AsSpan(start, end - start), waves.Count + 1));
            start = end + 1;
        }

        return (waves, start);
    }

    private string[] Parse(ReadOnlySpan<byte> line, int number)
    {
        try
        {
            var reader = new Utf8JsonReader(line);
            using var json = JsonDocument.ParseValue(ref reader);
            return [.. json.RootElement.GetProperty("ids").EnumerateArray().Select(id => id.GetString()!)];
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException)
        {
            throw new StepDistillException(
                $"{path}, line {number}, does not list the rows of a wave: {e.Message} Nothing was changed. Put the file back from a "
                + "copy; or move it away to begin with the first wave again: answers that are stored are not asked for again.");
        }
    }
}
