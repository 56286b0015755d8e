using System.ComponentModel;
using System.Text.Json.Serialization;
using StepDistill.Inference;

namespace StepDistill.Serving.Predicting;

/// <summary>What <c>POST /v1/predict</c> answers.</summary>
/// <param name="Answer">The answer to <c>input</c>.</param>
/// <param name="Answers">The answers to <c>inputs</c>, in their order.</param>
/// <param name="Student">Who answered: all of them the same student.</param>
internal sealed record PredictResponse(
    [property: Description("The answer to input.")] PredictAnswer? Answer,
    [property: Description("The answers to inputs, in their order.")] IReadOnlyList<PredictAnswer>? Answers,
    [property: Description("Who answered; one request is answered by one student.")] AnsweringStudent Student);

/// <summary>Who answered.</summary>
/// <param name="Name">The student's name.</param>
/// <param name="Version">The first 12 digits of its manifest's SHA-256.</param>
internal sealed record AnsweringStudent(string Name, string Version);

/// <summary>One label with its probability.</summary>
/// <param name="Label">The label.</param>
/// <param name="Probability">From 0 to 1.</param>
internal sealed record PredictProbability(string Label, double Probability);

/// <summary>One answer.</summary>
/// <param name="Label">The likeliest label.</param>
/// <param name="Confidence">How likely it is right, calibrated.</param>
/// <param name="Probabilities">Every label's probability.</param>
/// <param name="Familiarity">How usual the input is.</param>
/// <param name="Tokens">Tokens of the input after cutting.</param>
/// <param name="Cut">Whether the input lost its end.</param>
/// <param name="Rationale">Why.</param>
internal sealed record PredictAnswer(
    [property: Description("The likeliest label.")] string Label,
    [property: Description("How likely the label is right, from 0 to 1, calibrated.")] double Confidence,
    [property: Description("Every label's probability, likeliest first; empty for free text and equations.")] IReadOnlyList<PredictProbability> Probabilities,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never), Description("How usual the input is, from 0 to 1; null where the student was not calibrated.")]
    double? Familiarity,
    [property: Description("Tokens of the input that the student read.")] int Tokens,
    [property: Description("Whether the input was longer than the student reads, and lost its end.")] bool Cut,
    [property: Description("Why, in the student's words; missing where nobody asked or the student gives no reasons.")] string? Rationale)
{
    /// <summary>Writes a student's answer.</summary>
    public static PredictAnswer Of(StudentAnswer answer) => new(
        answer.Label,
        answer.Confidence,
        [.. answer.Probabilities.Select(one => new PredictProbability(one.Label, one.Probability))],
        answer.Familiarity,
        answer.InputTokens,
        answer.Cut,
        answer.Rationale);
}
