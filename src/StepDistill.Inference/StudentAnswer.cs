namespace StepDistill.Inference;

/// <summary>A label and how likely it is.</summary>
/// <param name="Label">The label, in the task's writing.</param>
/// <param name="Probability">From 0 to 1; those of one answer add up to 1.</param>
public readonly record struct LabelProbability(string Label, double Probability);

/// <summary>What a student says about one question.</summary>
public sealed record StudentAnswer
{
    /// <summary>The likeliest label: always one that the task allows, where the task has a closed set or choices.</summary>
    public required string Label { get; init; }

    /// <summary>How likely the label is right, from 0 to 1: calibrated on validation rows where the student's folder says how.</summary>
    public required double Confidence { get; init; }

    /// <summary>Every label's calibrated probability, likeliest first; empty for tasks whose labels are free text or equations.</summary>
    public IReadOnlyList<LabelProbability> Probabilities { get; init; } = [];

    /// <summary>
    /// How usual the input is, from 0 to 1: the share of the calibration's rows whose words are at least as surprising among the task's
    /// inputs. An input of the task is below 0.01 in one of 100 cases; null where the folder holds no calibration.
    /// </summary>
    public double? Familiarity { get; init; }

    /// <summary>Tokens of the input, prefix and end mark included, after cutting.</summary>
    public int InputTokens { get; init; }

    /// <summary>Whether the input was longer than the student reads, and lost its end.</summary>
    public bool Cut { get; init; }

    /// <summary>Why, in the student's words; null where nobody asked, or the student was not trained to say.</summary>
    public string? Rationale { get; init; }
}
