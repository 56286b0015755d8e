using System.ComponentModel;

namespace StepDistill.Serving.Predicting;

/// <summary>What <c>POST /v1/predict</c> understands; read by <see cref="PredictReading"/>, and here for the description of the interface.</summary>
/// <param name="Input">One input. Either this, or <paramref name="Inputs"/>.</param>
/// <param name="Choices">The input's choices, for a task whose labels are choices.</param>
/// <param name="Inputs">Several inputs.</param>
/// <param name="Rationale">Whether the student shall give its reasons.</param>
internal sealed record PredictRequest(
    [property: Description("One input. Either this, or inputs.")] string? Input,
    [property: Description("The input's own choices, for a task whose labels are choices.")] IReadOnlyList<string>? Choices,
    [property: Description("Several inputs; each may also be written as its text alone.")] IReadOnlyList<PredictInput>? Inputs,
    [property: Description("Whether the student shall give its reasons, which takes many times as long.")] bool? Rationale);

/// <summary>One of several inputs.</summary>
/// <param name="Input">The input.</param>
/// <param name="Choices">Its choices.</param>
internal sealed record PredictInput(string Input, IReadOnlyList<string>? Choices);
