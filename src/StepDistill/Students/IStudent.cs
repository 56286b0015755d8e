namespace StepDistill.Students;

/// <summary>A trained student: text in, predictions out.</summary>
public interface IStudent : IDisposable
{
    /// <summary>Answers inputs, each on its own; the order of answers is the order of inputs.</summary>
    /// <param name="inputs">Inputs as the task's template builds them, without a task prefix: the student adds its own.</param>
    /// <param name="withRationale">Whether to generate the rationale too; null in the predictions otherwise.</param>
    /// <param name="cancellation">Stops between batches.</param>
    IReadOnlyList<Prediction> Predict(
        IReadOnlyList<string> inputs, bool withRationale = false, CancellationToken cancellation = default);
}

/// <summary>What a student says about one input.</summary>
/// <param name="Label">The generated label text, trimmed; may be any text, also one that the task does not know.</param>
/// <param name="Rationale">The generated rationale, or null where none was asked for.</param>
public sealed record Prediction(string Label, string? Rationale = null)
{
    /// <summary>The probability of the label's text, from 0 to 1, as the student itself sees it; null where it was not counted.</summary>
    public double? Confidence { get; init; }
}
