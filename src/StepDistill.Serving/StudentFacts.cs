using System.Text.Json.Serialization;
using StepDistill.Inference;

namespace StepDistill.Serving;

/// <summary>What <c>GET /v1/student</c> tells.</summary>
/// <param name="Name">The student's name.</param>
/// <param name="Version">The first 12 digits of its manifest's SHA-256.</param>
/// <param name="Task">The task's name.</param>
/// <param name="AnswerKind">What a label is: <c>label</c>, <c>choice</c>, <c>equation</c> or <c>text</c>.</param>
/// <param name="Labels">The closed set of labels, where there is one.</param>
/// <param name="MaxInputTokens">Tokens at which an input is cut.</param>
/// <param name="GivesRationales">Whether it can say why.</param>
/// <param name="Precision">In which numbers it computes.</param>
internal sealed record StudentFacts(
    string Name,
    string Version,
    string Task,
    [property: JsonPropertyName("answer_kind")] string AnswerKind,
    IReadOnlyList<string> Labels,
    [property: JsonPropertyName("max_input_tokens")] int MaxInputTokens,
    [property: JsonPropertyName("gives_rationales")] bool GivesRationales,
    string Precision)
{
    /// <summary>Tells a description.</summary>
    public static StudentFacts Of(StudentDescription student) => new(
        student.Name, student.Version, student.Task, student.Answer.ToString().ToLowerInvariant(), student.Labels,
        student.MaxInputTokens, student.GivesRationales, student.Precision);
}
