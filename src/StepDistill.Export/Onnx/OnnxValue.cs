namespace StepDistill.Export.Onnx;

/// <summary>An input or output of a graph.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Type">Of its numbers.</param>
/// <param name="Shape">Each dimension: a number, or a name for a size that the caller chooses.</param>
internal sealed record OnnxValue(string Name, OnnxType Type, params object[] Shape);
