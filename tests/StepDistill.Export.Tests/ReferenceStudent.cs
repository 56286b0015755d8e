using System.Runtime.CompilerServices;
using StepDistill.Students;
using StepDistill.Tokenizers;

namespace StepDistill.Export.Tests;

/// <summary>A copy of a reference's weights in a folder of its own, where a test may export them.</summary>
internal sealed class ReferenceStudent : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("reference");

    /// <summary>Copies.</summary>
    /// <param name="name">One of the repository's, <c>silu</c> and <c>tied</c>, or a path in <c>../shared</c>; without that the test skips itself.</param>
    public ReferenceStudent(string name)
    {
        Reference = name.Contains('/', StringComparison.Ordinal) ? Shared(name) : Path.GetFullPath(Path.Combine(Here(), "../reference/t5", name));
        foreach (var file in Directory.EnumerateFiles(Reference))
        {
            if (Path.GetFileName(file) is "config.json" or "model.safetensors" or "spiece.model" or "tokenizer_config.json" or "special_tokens_map.json" or "stepdistill.json")
            {
                File.WriteAllBytes(Path.Combine(Folder, Path.GetFileName(file)), File.ReadAllBytes(file));      // may be read-only there
            }
        }
    }

    public string Reference { get; }

    public string Folder => _folder.FullName;

    public StudentFolder Student => StudentFolder.Open(Folder);

    /// <summary>Something beside the repository; the test skips itself where that is absent.</summary>
    public static string Shared(string name)
    {
        var path = Path.GetFullPath(Path.Combine(Here(), "../../../shared", name));
        Assert.SkipUnless(Path.Exists(path), $"{path} is not there: it is not part of the repository.");
        return path;
    }

    /// <summary>Gives the student a vocabulary that fits its weights, learnt from texts.</summary>
    public void TrainTokenizer(IReadOnlyList<string> texts)
    {
        const int sentinels = 100;
        UnigramTrainer.Train(texts, Student.Config.VocabularySize - sentinels, 0.995).Save(Folder);
    }

    public void Export(params ExportPrecision[] precisions)
    {
        foreach (var precision in precisions)
        {
            StudentExporter.Export(Student, precision, cancellation: TestContext.Current.CancellationToken);
        }
    }

    public void Dispose() => _folder.Delete(recursive: true);

    private static string Here([CallerFilePath] string here = "") => Path.GetDirectoryName(here)!;
}
