namespace StepDistill.Students;

/// <summary>A student's ONNX files: what they are called, and what export and inference have agreed on.</summary>
/// <remarks>Suffixes are those that transformers.js looks for, by its <c>dtype</c>: docs/guide/export.md.</remarks>
public static class StudentGraphs
{
    /// <summary>The folder of graphs in a student's folder.</summary>
    public const string Folder = "onnx";

    /// <summary>The encoder.</summary>
    public const string Encoder = "encoder_model";

    /// <summary>The decoder with both passes.</summary>
    public const string Decoder = "decoder_model_merged";

    /// <summary>
    /// Input of mapped decoders, [B or 1, Q, K] int64, or [1, 1, 1]: added to the distance from each query to each key. A key whose
    /// distance becomes positive is not seen.
    /// </summary>
    public const string Offsets = "decoder_distance_offsets";

    private static readonly (string Name, string Suffix)[] Suffixes =
        [("float32", ""), ("int8", "_quantized"), ("q8", "_int8"), ("q4", "_q4")];

    /// <summary>In which numbers there may be files: <c>float32</c>, <c>int8</c> (dynamic), <c>q8</c> and <c>q4</c> (blocks of 32 weights).</summary>
    public static IReadOnlyList<string> Precisions { get; } = [.. Suffixes.Select(pair => pair.Name)];

    /// <summary>A file's path in the student's folder.</summary>
    /// <param name="graph">Such as <see cref="Encoder"/>.</param>
    /// <param name="precision">One of <see cref="Precisions"/>.</param>
    /// <param name="mapped">Whether the small graph is meant that takes its weights from the file of the same name.</param>
    public static string PathOf(string graph, string precision, bool mapped = false) =>
        $"{Folder}/{graph}{Suffixes.First(pair => pair.Name == precision).Suffix}{(mapped ? ".mapped" : "")}.onnx";
}
