namespace StepDistill.Export.Onnx;

/// <summary>One operation of a graph.</summary>
/// <param name="Operator">Its name; those of <see cref="OnnxGraph.RuntimeDomain"/> are ONNX Runtime's own.</param>
/// <param name="Domain">Empty for ONNX's own operators.</param>
/// <param name="Inputs">Names of values; an empty one for an input that is left out.</param>
/// <param name="Outputs">Names that no other node gives.</param>
/// <param name="Attributes">Its settings.</param>
internal sealed record OnnxNode(
    string Operator,
    string Domain,
    IReadOnlyList<string> Inputs,
    IReadOnlyList<string> Outputs,
    IReadOnlyList<OnnxAttribute> Attributes);
