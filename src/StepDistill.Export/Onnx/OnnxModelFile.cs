using System.Text;
using StepDistill.Files;
using StepDistill.Tokenizers;

namespace StepDistill.Export.Onnx;

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

    /// <summary>Writes the file, and a second one where the tensors are too many.</summary>
    /// <param name="path">Usually ends in <c>.onnx</c>.</param>
    /// <param name="graph">What to write.</param>
    /// <param name="maxBytes">From how many bytes of tensors on they go to a second file.</param>
    /// <exception cref="IOException">The disk is full or the place cannot be written.</exception>
    public static void Write(string path, OnnxGraph graph, long maxBytes = MaxBytes)
    {
        ArgumentNullException.ThrowIfNull(graph);
        var data = Path.GetFileName(path) + DataSuffix;
        var outside = new Dictionary<OnnxTensor, long>(ReferenceEqualityComparer.Instance);
        if (graph.Tensors.Sum(tensor => tensor.ByteCount) > maxBytes)
        {
            AtomicFile.Write(path + DataSuffix, stream =>
            {
                foreach (var tensor in graph.Tensors.Where(tensor => tensor.ByteCount >= SmallestOutside))
                {
                    outside.Add(tensor, stream.Position);
                    stream.Write(Content(tensor));
                }
            });
        }

        AtomicFile.Write(path, stream =>
        {
            var rest = GraphWithoutTensors(graph);
            var tensors = graph.Tensors
                .Select(tensor => (Tensor: tensor, Head: outside.TryGetValue(tensor, out var offset) ? Outside(tensor, data, offset) : Head(tensor)))
                .Select(entry => (entry.Tensor, entry.Head, Inside: outside.ContainsKey(entry.Tensor) ? 0 : Sized(entry.Tensor.ByteCount)))
                .ToList();
            var length = rest.Length + tensors.Sum(entry => Sized(entry.Head.Length + entry.Inside));
            stream.Write(Model(length));
            stream.Write(rest);
            foreach (var (tensor, head, inside) in tensors)
            {
                stream.Write(new ProtobufWriter().Start(5, head.Length + inside).ToArray());            // GraphProto.initializer
                stream.Write(head);
                if (inside > 0)
                {
                    stream.Write(new ProtobufWriter().Start(9, tensor.ByteCount).ToArray());            // TensorProto.raw_data
                    stream.Write(Content(tensor));
                }
            }
        });
        if (outside.Count == 0)
        {
            File.Delete(path + DataSuffix);         // of an earlier export
        }
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
    private static byte[] Outside(OnnxTensor tensor, string file, long offset)
    {
        var message = new MemoryStream();
        message.Write(Head(tensor));
        foreach (var (key, value) in new[] { ("location", file), ("offset", $"{offset}"), ("length", $"{tensor.ByteCount}") })
        {
            message.Write(new ProtobufWriter().Bytes(13, new ProtobufWriter().Text(1, key).Text(2, value).ToArray()).ToArray());
        }

        message.Write(new ProtobufWriter().Number(14, 1).ToArray());                                    // data_location
        return message.ToArray();
    }
}
