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
            var file = StudentGraphs.PathOf(name, precision.ToString().ToLowerInvariant(), mapped is not null);
            written.Add(file);
            if (mapped is null)
            {
                return OnnxModelFile.Write(Path.Combine(student.Path, file), graph);
            }

            OnnxModelFile.WriteMapped(Path.Combine(student.Path, file), graph, mapped);
            return mapped;
        }

        var encoder = Write(StudentGraphs.Encoder, EncoderGraph.Build(weights, precision));
        var decoder = Write(StudentGraphs.Decoder, DecoderGraph.Merged(weights, precision));
        Write(StudentGraphs.Encoder, EncoderGraph.Build(weights, precision), encoder);
        Write(StudentGraphs.Decoder, DecoderGraph.Merged(weights, precision, tries: true), decoder);
        if (split)
        {
            Write("decoder_model", DecoderGraph.First(weights, precision));
            Write("decoder_with_past_model", DecoderGraph.Later(weights, precision));
        }

        return written;
    }
}
