using System.Text.Json;

namespace StepDistill.Tests.Tasks.Releases;

/// <summary>A made-up folder in the layout of the paper's release; deleted at the end.</summary>
internal sealed class ReleaseFolder : IDisposable
{
    public string Root { get; } = Directory.CreateTempSubdirectory("release").FullName;

    public string Output => Path.Combine(Root, "out");

    /// <summary>Writes raw rows, one a line.</summary>
    public string Rows(string set, string split, params object[] rows) =>
        Write($"{set}/{set}_{split}.json", string.Join('\n', rows.Select(row => JsonSerializer.Serialize(row))));

    /// <summary>Writes PaLM's answers, so many a file.</summary>
    public void Answers(string set, string split, int each, IEnumerable<string> answers)
    {
        foreach (var (number, part) in answers.Chunk(each).Index())
        {
            Write($"{set}/llm/{split}_CoT_{number}.json", JsonSerializer.Serialize(part));
        }
    }

    public string Write(string name, string text)
    {
        var path = Path.Combine(Root, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
        return path;
    }

    public void Dispose() => Directory.Delete(Root, recursive: true);
}
