namespace StepDistill.Inference;

/// <summary>What a student is asked.</summary>
/// <param name="Input">The input as the task's template builds it, without a task prefix: the student adds its own.</param>
public sealed record StudentQuestion(string Input)
{
    /// <summary>
    /// The input's own choices, for a task whose labels are choices; where missing they are read from the input's lines
    /// <c>(a) …</c>, <c>(b) …</c>. Other tasks ignore them.
    /// </summary>
    public IReadOnlyList<string>? Choices { get; init; }
}
