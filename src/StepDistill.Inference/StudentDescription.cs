using StepDistill.Tasks;

namespace StepDistill.Inference;

/// <summary>What a student is, for those who ask it.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Version">What tells it from other students of that name: the first 12 digits of its manifest's SHA-256.</param>
/// <param name="Task">The task's name.</param>
/// <param name="Answer">What a label is.</param>
/// <param name="Labels">The closed set of labels, where there is one; otherwise empty.</param>
/// <param name="MaxInputTokens">Tokens at which an input is cut.</param>
/// <param name="GivesRationales">Whether it was trained to say why.</param>
/// <param name="Precision">In which numbers it computes: <c>float32</c>, <c>int8</c>, ….</param>
public sealed record StudentDescription(
    string Name,
    string Version,
    string Task,
    AnswerKind Answer,
    IReadOnlyList<string> Labels,
    int MaxInputTokens,
    bool GivesRationales,
    string Precision)
{
    /// <summary>What it is called where models have one name: <c>NAME@VERSION</c>.</summary>
    public string ModelId => $"{Name}@{Version}";
}
