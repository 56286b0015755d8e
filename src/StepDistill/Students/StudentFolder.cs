using System.Text.Json;
using StepDistill.Files;
using StepDistill.Students.Weights;
using StepDistill.Tokenizers;

namespace StepDistill.Students;

/// <summary>A student on disk: a folder in Hugging Face's layout and, where this program made it, a manifest.</summary>
/// <remarks>
/// To write one: <see cref="Begin"/>, then configuration, weights and tokenizer in any order, then <see cref="Seal"/>.
/// Between the two the folder is no student. A folder without a manifest that holds a <c>config.json</c> is opened as
/// what it is, published weights, with <see cref="Manifest"/> null.
/// </remarks>
public sealed class StudentFolder
{
    /// <summary>The manifest's file name.</summary>
    public const string ManifestName = "stepdistill.json";

    /// <summary>What says when the student answers and when a large model does. It is made for a sealed student, so no manifest lists it.</summary>
    public const string CascadeName = "cascade.json";

    /// <summary>The name of safetensors in a student's folder.</summary>
    public const string WeightsName = "model.safetensors";

    private const string CardName = "README.md";
    private const int MaxManifestBytes = 16 << 20;

    private StudentFolder(string path, T5Config config, StudentManifest? manifest)
    {
        Path = path;
        Config = config;
        Manifest = manifest;
    }

    /// <summary>Where it is.</summary>
    public string Path { get; }

    /// <summary>The sizes of its network.</summary>
    public T5Config Config { get; }

    /// <summary>What it is and where it comes from; null for a folder that this program did not make.</summary>
    public StudentManifest? Manifest { get; }

    /// <summary>What tells it from others of its name: the first 12 digits of its manifest's SHA-256; empty without a manifest.</summary>
    public string Version => Manifest is null ? "" : ContentHash.OfFile(System.IO.Path.Combine(Path, ManifestName))[..12];

    /// <summary>Opens a folder.</summary>
    /// <param name="path">The folder.</param>
    /// <param name="verify">Whether to compare every file with the manifest's hash; reads all of them.</param>
    /// <exception cref="StepDistillException">There is no student, or not a whole one: the message names what is wrong.</exception>
    public static StudentFolder Open(string path, bool verify = false)
    {
        if (!Directory.Exists(path))
        {
            throw new StepDistillException($"There is no student at {path}: it must be a folder with {T5ConfigFile.FileName} and weights.");
        }

        var manifest = ReadManifest(System.IO.Path.Combine(path, ManifestName));
        if (verify)
        {
            Verify(path, manifest ?? throw new StepDistillException(
                $"{path} has no {ManifestName}, so its files cannot be verified: it was not made by this program, or not finished."));
        }

        return new StudentFolder(path, T5ConfigFile.Read(path), manifest);
    }

    /// <summary>Opens its weights; the caller disposes of them.</summary>
    /// <exception cref="StepDistillException">There are none, or they cannot be used.</exception>
    public WeightFiles OpenWeights() => WeightFiles.Open(Path);

    /// <summary>Loads its tokenizer and checks that it fits the weights.</summary>
    /// <exception cref="StepDistillException">There is none, it cannot be used, or it is that of another student.</exception>
    public Tokenizer LoadTokenizer()
    {
        var tokenizer = Tokenizer.Load(Path);
        CheckFit(tokenizer, Config, Path);
        return tokenizer;
    }

    /// <summary>Checks that every id a tokenizer can give has a row in the embedding table, and that the marks have the same ids.</summary>
    /// <param name="tokenizer">The tokenizer.</param>
    /// <param name="config">The sizes of the network.</param>
    /// <param name="source">What to call the tokenizer in the message, usually its path.</param>
    /// <exception cref="StepDistillException">They do not belong together.</exception>
    public static void CheckFit(Tokenizer tokenizer, T5Config config, string source)
    {
        var fault = tokenizer switch
        {
            { VocabularySize: var ids } when ids > config.VocabularySize =>
                $"it gives {ids} ids, and the weights have rows for {config.VocabularySize} (vocab_size)",
            { PadId: var pad } when pad != config.PadId => $"its padding has the id {pad}, and the weights' {config.PadId} (pad_token_id)",
            { EndId: var end } when end != config.EndId => $"its end mark has the id {end}, and the weights' {config.EndId} (eos_token_id)",
            _ => null,
        };
        if (fault is not null)
        {
            throw new StepDistillException(
                $"The tokenizer {source} does not fit the weights: {fault}. Use the tokenizer that the weights were trained with.");
        }
    }

    /// <summary>Makes a folder ready for a student. One that is already there ceases to be one until <see cref="Seal"/>.</summary>
    /// <param name="path">The folder.</param>
    /// <exception cref="IOException">It cannot be written.</exception>
    public static void Begin(string path)
    {
        Directory.CreateDirectory(path);
        File.Delete(System.IO.Path.Combine(path, ManifestName));
    }

    /// <summary>Writes the model card, hashes every file and, last, writes the manifest: from then on the folder is a student.</summary>
    /// <param name="path">A folder with configuration, weights and tokenizer.</param>
    /// <param name="manifest">What the student is; its list of files is filled in here.</param>
    /// <returns>The student.</returns>
    /// <exception cref="StepDistillException">Configuration, weights or tokenizer are missing or do not fit together.</exception>
    /// <exception cref="IOException">The disk is full or the folder cannot be written.</exception>
    public static StudentFolder Seal(string path, StudentManifest manifest)
    {
        Begin(path);
        return Reseal(path, manifest);
    }

    /// <summary>As <see cref="Seal"/>, for a student that got more files: until its new manifest is there the old one is.</summary>
    /// <param name="path">The folder.</param>
    /// <param name="manifest">What the student is; its list of files is filled in here.</param>
    /// <returns>The student.</returns>
    /// <exception cref="StepDistillException">Configuration, weights or tokenizer are missing or do not fit together.</exception>
    /// <exception cref="IOException">The disk is full or the folder cannot be written.</exception>
    public static StudentFolder Reseal(string path, StudentManifest manifest)
    {
        var student = new StudentFolder(path, T5ConfigFile.Read(path), manifest);
        student.OpenWeights().Dispose();
        student.LoadTokenizer();
        AtomicFile.WriteText(System.IO.Path.Combine(path, CardName), StudentCard.Write(manifest, student.Config, HasGraphs(path)));
        var files = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var file in Directory.EnumerateFiles(path, "*", SearchOption.AllDirectories)
            .Where(file => System.IO.Path.GetFileName(file) is not (ManifestName or CascadeName)))
        {
            files[System.IO.Path.GetRelativePath(path, file).Replace('\\', '/')] = ContentHash.OfFile(file);
        }

        var whole = manifest with { Files = files };
        AtomicFile.WriteText(System.IO.Path.Combine(path, ManifestName), JsonSerializer.Serialize(whole, StudentJson.Page.StudentManifest) + "\n");
        return new StudentFolder(path, student.Config, whole);
    }

    private static bool HasGraphs(string path) =>
        System.IO.Path.Combine(path, StudentGraphs.Folder) is var graphs && Directory.Exists(graphs) && Directory.EnumerateFiles(graphs, "*.onnx").Any();

    private static StudentManifest? ReadManifest(string file)
    {
        if (!File.Exists(file))
        {
            return null;
        }

        try
        {
            var bytes = BoundedFile.ReadAllBytes(file, MaxManifestBytes, "a manifest");
            using var json = JsonDocument.Parse(bytes);
            var format = json.RootElement.GetProperty("format").GetInt32();
            return format is >= 1 and <= StudentManifest.CurrentFormat
                ? JsonSerializer.Deserialize(bytes, StudentJson.Page.StudentManifest)!
                : throw new StepDistillException(
                    $"{file} is of format {format}, and this program reads up to {StudentManifest.CurrentFormat}. Use a newer stepdistill.");
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException or FormatException)
        {
            throw new StepDistillException(
                $"{file} is not a student's manifest: {e.Message} Copy the student again; without this file the folder opens as plain weights.", e);
        }
    }

    private static void Verify(string path, StudentManifest manifest)
    {
        List<string> faults = [];
        foreach (var (name, hash) in manifest.Files)
        {
            var file = System.IO.Path.GetFullPath(System.IO.Path.Combine(path, name));
            if (!file.StartsWith(System.IO.Path.GetFullPath(path) + System.IO.Path.DirectorySeparatorChar, StringComparison.Ordinal))
            {
                faults.Add($"'{name}' lies outside of the folder");
            }
            else if (!File.Exists(file))
            {
                faults.Add($"{name} is missing");
            }
            else if (ContentHash.OfFile(file) is var found && found != hash)
            {
                faults.Add($"{name} has the SHA-256 {found} and must have {hash}");
            }
        }

        if (faults.Count > 0)
        {
            throw new StepDistillException(
                $"The student {path} is not as it was made: {string.Join("; ", faults)}. Copy it again.");
        }
    }
}
