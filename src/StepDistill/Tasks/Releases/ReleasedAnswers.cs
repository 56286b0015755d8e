using System.Globalization;
using System.Text.Json;

namespace StepDistill.Tasks.Releases;

/// <summary>A teacher's answers to one split, in the order of its rows: lists of texts in numbered files, or in one.</summary>
internal sealed class ReleasedAnswers
{
    /// <summary>The largest file of answers that is read, in bytes; the release's have a few million.</summary>
    private const int MaxFile = 64 * 1024 * 1024;

    /// <summary>The longest answer that is read, in characters; the release's have a few thousand.</summary>
    private const int MaxAnswer = 1024 * 1024;

    private readonly List<string> _files;

    private ReleasedAnswers(List<string> files, string model) => (_files, Model) = (files, model);

    /// <summary>Who answered.</summary>
    public string Model { get; }

    /// <summary>Whether the release has answers to the split at all.</summary>
    public bool Exist => _files.Count > 0;

    /// <summary>The files, for messages.</summary>
    public string Source => _files.Count == 1 ? _files[0] : $"{_files[0]} to {Path.GetFileName(_files[^1])}";

    /// <summary>Finds the answers; none are read yet.</summary>
    /// <param name="root">The release's folder <c>datasets</c>.</param>
    /// <param name="set">The set's name.</param>
    /// <param name="split">The split's name in the release.</param>
    /// <param name="teacher"><c>palm</c> or <c>gpt-neox</c>.</param>
    /// <exception cref="StepDistillException">A file between others is missing, so positions cannot be known.</exception>
    public static ReleasedAnswers Find(string root, string set, string split, string teacher)
    {
        if (teacher == "gpt-neox")
        {
            var file = Path.Combine(root, "gpt-neox", set, $"{split}.json");
            return new(File.Exists(file) ? [file] : [], "GPT-NeoX 20B");
        }

        var folder = Path.Combine(root, set, "llm");
        var prefix = $"{split}_CoT_";
        var numbers = Directory.Exists(folder)
            ? Directory.EnumerateFiles(folder, $"{prefix}*.json")
                .Select(path => Path.GetFileNameWithoutExtension(path)[prefix.Length..])
                .Where(number => int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out _))
                .Select(number => int.Parse(number, CultureInfo.InvariantCulture)).Order().ToList()
            : [];
        var missing = Enumerable.Range(0, numbers.Count).FirstOrDefault(number => numbers[number] != number, -1);
        return missing < 0
            ? new([.. numbers.Select(number => Path.Combine(folder, $"{prefix}{number}.json"))], "PaLM 540B")
            : throw new StepDistillException(
                $"{folder} holds {prefix}{numbers[^1]}.json but not {prefix}{missing}.json. The release matches answers to rows by "
                + "position alone, so none may be missing. Unpack the release again.");
    }

    /// <summary>Reads the answers, a file at a time.</summary>
    /// <exception cref="StepDistillException">A file cannot be understood.</exception>
    public IEnumerable<string> Read()
    {
        foreach (var file in _files)
        {
            using var document = ReleasedJson.Parse(file, MaxFile, "a list of answers");
            var number = 0;
            foreach (var element in document.RootElement.EnumerateArray())
            {
                yield return Text(element) ?? throw new StepDistillException(
                    $"{file}, answer {number} (from 0), is no text of at most {MaxAnswer:N0} characters. Unpack the release again.");
                number++;
            }
        }
    }

    private static string? Text(JsonElement element)
    {
        try
        {
            return element.ValueKind == JsonValueKind.String && element.GetString() is { Length: <= MaxAnswer } text
                && !text.Contains('\0', StringComparison.Ordinal) ? text : null;
        }
        catch (InvalidOperationException)       // half of a surrogate pair
        {
            return null;
        }
    }
}
