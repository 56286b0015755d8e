using StepDistill.Export.Graphs;
using StepDistill.Export.Onnx;
using StepDistill.Export.Weights;
using StepDistill.Students;

namespace StepDistill.Export;

/// <summary>Writes a student's weights as ONNX graphs, named and laid out as Hugging Face's own exporter does.</summary>
/// <remarks>
/// The files open unchanged in ONNX Runtime, in Python's optimum and in transformers.js. Beside each stands a small one for
/// StepDistill.Inference, <c>….mapped.onnx</c>: a graph whose weights are the bytes in the other file, so that they are mapped into memory
/// instead of read, and whose decoder can score labels. Nothing is computed here, so a student of any size is exported in the
/// memory of its largest weight.
/// </remarks>
public static class StudentExporter
{
    private const string Folder = "onnx";

    /// <summary>In the names of files that hold a graph alone, and take its weights from the file of the same name without it.</summary>
    private const string MappedInfix = ".mapped";

    /// <summary>What stands in a file's name for a precision: as transformers.js looks for it (its <c>dtype</c>).</summary>
    /// <param name="precision">The precision.</param>
    public static string SuffixOf(ExportPrecision precision) => precision switch
    {
        ExportPrecision.Float32 => "",
        ExportPrecision.Int8 => "_quantized",
        ExportPrecision.Q8 => "_int8",
        ExportPrecision.Q4 => "_q4",
        _ => throw new ArgumentOutOfRangeException(nameof(precision), precision, "There is no such precision."),
    };

    /// <summary>Writes encoder and merged decoder into the student's folder, as <c>onnx/…</c>.</summary>
    /// <param name="student">The student; its manifest is not touched.</param>
    /// <param name="precision">In which numbers.</param>
    /// <param name="split">Whether to write the decoder's two passes as files of their own too.</param>
    /// <param name="cancellation">Stops between files.</param>
    /// <returns>The files' paths in the folder.</returns>
    /// <exception cref="StepDistillException">The weights are not those that the configuration describes.</exception>
    /// <exception cref="IOException">The disk is full or the folder cannot be written.</exception>
    public static IReadOnlyList<string> Export(
        StudentFolder student, ExportPrecision precision, bool split = false, CancellationToken cancellation = default)
    {
        using var files = student.OpenWeights();
        var weights = new StudentMatrices(student.Config, files);
        var written = new List<string>();

        IReadOnlyDictionary<string, TensorPlace> Write(string name, OnnxGraph graph, IReadOnlyDictionary<string, TensorPlace>? mapped = null)
        {
            cancellation.ThrowIfCancellationRequested();
            var file = $"{Folder}/{name}{SuffixOf(precision)}{(mapped is null ? "" : MappedInfix)}.onnx";
            written.Add(file);
            if (mapped is null)
            {
                return OnnxModelFile.Write(Path.Combine(student.Path, file), graph);
            }

            OnnxModelFile.WriteMapped(Path.Combine(student.Path, file), graph, mapped);
            return mapped;
        }

        var encoder = Write("encoder_model", EncoderGraph.Build(weights, precision));
        var decoder = Write("decoder_model_merged", DecoderGraph.Merged(weights, precision));
        Write("encoder_model", EncoderGraph.Build(weights, precision), encoder);
        Write("decoder_model_merged", DecoderGraph.Merged(weights, precision, tries: true), decoder);
        if (split)
        {
            Write("decoder_model", DecoderGraph.First(weights, precision));
            Write("decoder_with_past_model", DecoderGraph.Later(weights, precision));
        }

        return written;
    }
}
