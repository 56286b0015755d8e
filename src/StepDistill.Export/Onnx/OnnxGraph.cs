using System.Globalization;

namespace StepDistill.Export.Onnx;

/// <summary>A graph that is being built, node by node, in the order in which it is computed.</summary>
/// <remarks>
/// A branch of an <c>If</c> is a graph of its own that sees what stands around it: tensors are kept by the outermost graph, so
/// both branches share them. A name that is asked for twice is one tensor.
/// </remarks>
internal sealed class OnnxGraph
{
    /// <summary>The domain of ONNX Runtime's own operators.</summary>
    public const string RuntimeDomain = "com.microsoft";

    private readonly OnnxGraph? outer;
    private readonly Dictionary<string, OnnxTensor> tensors = new(StringComparer.Ordinal);
    private readonly List<OnnxNode> nodes = [];
    private readonly List<OnnxValue> inputs = [];
    private readonly List<OnnxValue> outputs = [];

    private OnnxGraph(string name, OnnxGraph? outer)
    {
        Name = name;
        this.outer = outer;
    }

    /// <summary>Begins a graph.</summary>
    public OnnxGraph(string name) : this(name, null)
    {
    }

    public string Name { get; }

    public IReadOnlyList<OnnxNode> Nodes => nodes;

    public IReadOnlyList<OnnxValue> Inputs => inputs;

    public IReadOnlyList<OnnxValue> Outputs => outputs;

    /// <summary>Every tensor, in the order of first use.</summary>
    public IReadOnlyCollection<OnnxTensor> Tensors => tensors.Values;

    /// <summary>Begins a branch that sees this graph's values and tensors.</summary>
    public OnnxGraph Branch(string name) => new(name, this);

    /// <summary>Adds an input.</summary>
    /// <returns>Its name.</returns>
    public string Input(OnnxValue value)
    {
        inputs.Add(value);
        return value.Name;
    }

    /// <summary>Makes a value an output of the graph.</summary>
    public void Output(OnnxValue value, string from)
    {
        nodes.Add(new("Identity", "", [from], [value.Name], []));
        outputs.Add(value);
    }

    /// <summary>Makes a value with this name, which a node gives already, an output.</summary>
    public void Output(OnnxValue value) => outputs.Add(value);

    /// <summary>Keeps a tensor in the file.</summary>
    /// <returns>Its name.</returns>
    public string Tensor(OnnxTensor tensor)
    {
        if (outer is not null)
        {
            return outer.Tensor(tensor);
        }

        tensors.TryAdd(tensor.Name, tensor);
        return tensor.Name;
    }

    /// <summary>A list of whole numbers.</summary>
    public string Longs(params long[] values) =>
        Tensor(OnnxTensor.Longs($"longs/{string.Join(',', values)}", [values.Length], values));

    /// <summary>One whole number, without dimensions.</summary>
    public string Long(long value) => Tensor(OnnxTensor.Longs($"long/{value}", [], value));

    /// <summary>One number, without dimensions.</summary>
    public string Float(float value) =>
        Tensor(OnnxTensor.Floats($"float/{value.ToString("R", CultureInfo.InvariantCulture)}", [], () => [value]));

    /// <summary>Adds an operation with one output.</summary>
    /// <returns>The output's name.</returns>
    public string Add(string operation, string[] from, params OnnxAttribute[] attributes) => AddMany(operation, 1, from, attributes)[0];

    /// <summary>Adds an operation of ONNX Runtime's own with one output.</summary>
    public string AddOfRuntime(string operation, string[] from, params OnnxAttribute[] attributes) =>
        AddMany(operation, 1, from, attributes, RuntimeDomain)[0];

    /// <summary>Adds an operation with several outputs.</summary>
    /// <returns>Their names.</returns>
    public string[] AddMany(string operation, int count, string[] from, OnnxAttribute[] attributes, string domain = "")
    {
        var stem = $"{Name}/{operation}_{nodes.Count}";
        var names = count == 1 ? [stem] : Enumerable.Range(0, count).Select(i => $"{stem}:{i}").ToArray();
        nodes.Add(new(operation, domain, from, names, attributes));
        return names;
    }

    /// <summary>Adds an operation whose outputs' names are given.</summary>
    public void AddNamed(string operation, string[] from, string[] names, params OnnxAttribute[] attributes) =>
        nodes.Add(new(operation, "", from, names, attributes));
}
