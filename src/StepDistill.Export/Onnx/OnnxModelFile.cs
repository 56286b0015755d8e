using StepDistill.Files;
using StepDistill.Tokenizers;

namespace StepDistill.Export.Onnx;

/// <summary>Where a tensor's bytes stand.</summary>
/// <param name="File">The file's name; it lies beside the model.</param>
/// <param name="Offset">Bytes before it in the file.</param>
internal readonly record struct TensorPlace(string File, long Offset);

/// <summary>Writes a graph as a model file (onnx.proto, <c>ModelProto</c>), one tensor at a time.</summary>
/// <remarks>
/// Above <see cref="MaxBytes"/>, which no protobuf message may exceed, the large tensors go to a second file,
/// <c>NAME.onnx_data</c>, as Hugging Face's exporter puts them.
/// </remarks>
internal static class OnnxModelFile
{
    /// <summary>The most bytes of one file with its tensors inside; protobuf readers refuse more than 2 GiB.</summary>
    public const long MaxBytes = 2_000_000_000;

    /// <summary>What is added to a model's path for the file with its tensors.</summary>
    public const string DataSuffix = "_data";

    private const int FileVersion = 8;
    private const int OperatorSet = 17;

    // Smaller ones stay inside, where programs that work out shapes look for them.
    private const int SmallestOutside = 1024;

    // Kernels read whole lines of the processor's cache, also where the file is mapped into memory as it is.
    private const int Alignment = 64;

    /// <summary>Writes the file, and a second one where the tensors are too many.</summary>
    /// <param name="path">Usually ends in <c>.onnx</c>.</param>
    /// <param name="graph">What to write.</param>
    /// <param name="maxBytes">From how many bytes of tensors on they go to a second file.</param>
    /// <returns>Where each large tensor's bytes stand.</returns>
    /// <exception cref="IOException">The disk is full or the place cannot be written.</exception>
    public static IReadOnlyDictionary<string, TensorPlace> Write(string path, OnnxGraph graph, long maxBytes = MaxBytes)
    {
        ArgumentNullException.ThrowIfNull(graph);
        var data = path + DataSuffix;
        var places = new Dictionary<string, TensorPlace>(StringComparer.Ordinal);
        if (graph.Tensors.Sum(tensor => tensor.ByteCount) <= maxBytes)
        {
            WriteModel(path, graph, new Dictionary<string, TensorPlace>(), places);
            File.Delete(data);          // of an earlier export
            return places;
        }

        AtomicFile.Write(data, stream =>
        {
            foreach (var tensor in graph.Tensors.Where(tensor => tensor.ByteCount >= SmallestOutside))
            {
                stream.Position = (stream.Position + Alignment - 1) / Alignment * Alignment;
                places.Add(tensor.Name, new(Path.GetFileName(data), stream.Position));
                stream.Write(Content(tensor));
            }
        });
        WriteModel(path, graph, places, []);
        return places;
    }

    /// <summary>Writes a graph whose large tensors stand in other files.</summary>
    /// <param name="path">Where; the other files lie beside it.</param>
    /// <param name="graph">What to write.</param>
    /// <param name="places">Where the tensors' bytes stand; those that are not named are written here.</param>
    /// <exception cref="IOException">The disk is full or the place cannot be written.</exception>
    public static void WriteMapped(string path, OnnxGraph graph, IReadOnlyDictionary<string, TensorPlace> places) =>
        WriteModel(path, graph, places, []);

    private static void WriteModel(
        string path, OnnxGraph graph, IReadOnlyDictionary<string, TensorPlace> outside, Dictionary<string, TensorPlace> inside)
    {
        var tensors = graph.Tensors.Select(tensor => new Entry(
            tensor, outside.TryGetValue(tensor.Name, out var place) ? Outside(tensor, place) : Head(tensor), outside.ContainsKey(tensor.Name))).ToList();
        var rest = GraphWithoutTensors(graph);
        AtomicFile.Write(path, stream =>
        {
            // Where a tensor's bytes begin depends on how long everything before them is, so places are found first.
            var length = rest.Length + tensors.Sum(entry => entry.Length);
            stream.Write(Model(length));
            stream.Write(rest);
            foreach (var entry in tensors)
            {
                if (entry.IsOutside)
                {
                    stream.Write(new ProtobufWriter().Start(5, entry.Head.Length).ToArray());           // GraphProto.initializer
                    stream.Write(entry.Head);
                    continue;
                }

                stream.Write(new ProtobufWriter().Start(5, entry.Inner).ToArray());
                stream.Write(entry.Head);
                if (entry.Padded)
                {
                    var before = stream.Position + Filler(12, 0).Length + new ProtobufWriter().Start(9, entry.Tensor.ByteCount).Length;
                    var padding = (int)((Alignment - (before % Alignment)) % Alignment);
                    // A text that nobody reads moves the bytes to where they should begin; what it does not need follows them.
                    stream.Write(Filler(12, padding));
                    stream.Write(new ProtobufWriter().Start(9, entry.Tensor.ByteCount).ToArray());      // TensorProto.raw_data
                    inside.Add(entry.Tensor.Name, new(Path.GetFileName(path), stream.Position));
                    stream.Write(Content(entry.Tensor));
                    stream.Write(Filler(12, Alignment - padding));
                }
                else
                {
                    stream.Write(new ProtobufWriter().Start(9, entry.Tensor.ByteCount).ToArray());
                    stream.Write(Content(entry.Tensor));
                }
            }
        });
    }

    /// <summary>A text field of so many spaces.</summary>
    private static byte[] Filler(int field, int length) => new ProtobufWriter().Text(field, new string(' ', length)).ToArray();

    /// <summary>A tensor that is to be written.</summary>
    private sealed record Entry(OnnxTensor Tensor, byte[] Head, bool IsOutside)
    {
        /// <summary>Whether its bytes shall begin at a round place.</summary>
        public bool Padded => !IsOutside && Tensor.ByteCount >= SmallestOutside;

        /// <summary>Bytes of the tensor's message.</summary>
        public long Inner => Head.Length + (IsOutside ? 0 : Sized(Tensor.ByteCount) + (Padded ? Filler(12, 0).Length + Filler(12, Alignment).Length : 0));

        /// <summary>Bytes of the message with what announces it.</summary>
        public long Length => Sized(Inner);
    }

    /// <summary>Bytes of a field of a number below 16 and its content, as protobuf writes them.</summary>
    private static long Sized(long length) => new ProtobufWriter().Start(1, length).Length + length;

    private static byte[] Content(OnnxTensor tensor)
    {
        var bytes = tensor.Content();
        return bytes.LongLength == tensor.ByteCount
            ? bytes
            : throw new InvalidOperationException($"'{tensor.Name}' has {bytes.LongLength} bytes; its shape says {tensor.ByteCount}.");
    }

    /// <summary>All of the model up to the graph's content.</summary>
    private static byte[] Model(long graphLength) => new ProtobufWriter()
        .Number(1, FileVersion)                                                                         // ir_version
        .Bytes(2, "StepDistill"u8)                                                                      // producer_name
        .Bytes(8, new ProtobufWriter().Bytes(1, ""u8).Number(2, OperatorSet).ToArray())                 // opset_import
        .Bytes(8, new ProtobufWriter().Text(1, OnnxGraph.RuntimeDomain).Number(2, 1).ToArray())
        .Start(7, graphLength)                                                                          // graph
        .ToArray();

    private static byte[] GraphWithoutTensors(OnnxGraph graph)
    {
        var message = new ProtobufWriter();
        foreach (var node in graph.Nodes)
        {
            message.Bytes(1, Node(node));
        }

        message.Text(2, graph.Name);
        foreach (var value in graph.Inputs)
        {
            message.Bytes(11, Value(value));
        }

        foreach (var value in graph.Outputs)
        {
            message.Bytes(12, Value(value));
        }

        return message.ToArray();
    }

    private static byte[] Node(OnnxNode node)
    {
        var message = new ProtobufWriter();
        foreach (var input in node.Inputs)
        {
            message.Text(1, input);
        }

        foreach (var output in node.Outputs)
        {
            message.Text(2, output);
        }

        message.Text(3, node.Outputs[0]).Text(4, node.Operator);
        foreach (var attribute in node.Attributes)
        {
            message.Bytes(5, Attribute(attribute));
        }

        if (node.Domain.Length > 0)
        {
            message.Text(7, node.Domain);
        }

        return message.ToArray();
    }

    private static byte[] Attribute(OnnxAttribute attribute)
    {
        var message = new ProtobufWriter().Text(1, attribute.Name);
        switch (attribute.Value)
        {
            case long number:
                message.Number(3, number).Number(20, 2);
                break;
            case long[] numbers:
                foreach (var number in numbers)
                {
                    message.Number(8, number);
                }

                message.Number(20, 7);
                break;
            case OnnxGraph graph:
                message.Bytes(6, GraphWithoutTensors(graph)).Number(20, 5);
                break;
            default:
                throw new ArgumentException($"'{attribute.Name}' is a {attribute.Value.GetType().Name}, which no attribute here is.", nameof(attribute));
        }

        return message.ToArray();
    }

    private static byte[] Value(OnnxValue value)
    {
        var shape = new ProtobufWriter();
        foreach (var size in value.Shape)
        {
            var dimension = new ProtobufWriter();
            _ = size is string name ? dimension.Text(2, name) : dimension.Number(1, Convert.ToInt64(size, null));
            shape.Bytes(1, dimension.ToArray());
        }

        var tensor = new ProtobufWriter().Number(1, (int)value.Type).Bytes(2, shape.ToArray()).ToArray();
        return new ProtobufWriter().Text(1, value.Name).Bytes(2, new ProtobufWriter().Bytes(1, tensor).ToArray()).ToArray();
    }

    /// <summary>A tensor without its bytes.</summary>
    private static byte[] Head(OnnxTensor tensor)
    {
        var message = new ProtobufWriter();
        foreach (var size in tensor.Shape)
        {
            message.Number(1, size);
        }

        return message.Number(2, (int)tensor.Type).Text(8, tensor.Name).ToArray();
    }

    /// <summary>A tensor whose bytes stand in another file.</summary>
    private static byte[] Outside(OnnxTensor tensor, TensorPlace place)
    {
        var message = new MemoryStream();
        message.Write(Head(tensor));
        foreach (var (key, value) in new[] { ("location", place.File), ("offset", $"{place.Offset}"), ("length", $"{tensor.ByteCount}") })
        {
            message.Write(new ProtobufWriter().Bytes(13, new ProtobufWriter().Text(1, key).Text(2, value).ToArray()).ToArray());
        }

        message.Write(new ProtobufWriter().Number(14, 1).ToArray());                                    // data_location
        return message.ToArray();
    }
}
