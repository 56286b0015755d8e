using StepDistill.Students;

namespace StepDistill.Hub;

/// <summary>Which files of a folder or a repository belong to a student as a whole: what is pushed and pulled.</summary>
internal static class StudentFiles
{
    /// <summary>The folder of graphs.</summary>
    public const string Graphs = StudentGraphs.Folder + "/";

    /// <summary>More files than this no student has.</summary>
    public const int Most = 500;

    private static readonly HashSet<string> Names = new(
        [
            .. HubFiles.Required, .. HubFiles.Optional, .. HubFiles.Weights, StudentFolder.ManifestName,
            "added_tokens.json", "calibration.json", StudentFolder.CascadeName, "README.md",
        ],
        StringComparer.Ordinal);

    /// <summary>Whether a file belongs to any student by its name: configuration, tokenizer, weights, graphs, manifest, card.</summary>
    public static bool Belongs(string path) =>
        Names.Contains(path)
        || (HubFiles.IsPlain(path) && path.EndsWith(".safetensors", StringComparison.Ordinal))
        || IsPickledPart(path)
        || (path.StartsWith(Graphs, StringComparison.Ordinal) && HubPath.IsPlain(path));

    /// <summary>Whether a file holds weights in the older form, which is left where there are safetensors.</summary>
    public static bool IsPickled(string path) => path.StartsWith("pytorch_model.bin", StringComparison.Ordinal) || IsPickledPart(path);

    /// <summary>Whether a file holds weights as safetensors, or names the files that do.</summary>
    public static bool IsSafetensors(string path) => path is StudentFolder.WeightsName or StudentFolder.WeightsName + ".index.json";

    private static bool IsPickledPart(string path) =>
        HubFiles.IsPlain(path) && path.StartsWith("pytorch_model-", StringComparison.Ordinal) && path.EndsWith(".bin", StringComparison.Ordinal);
}
