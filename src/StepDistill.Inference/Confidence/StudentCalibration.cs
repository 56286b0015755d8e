namespace StepDistill.Inference.Confidence;

/// <summary>What validation rows say about a student's confidence, in one precision.</summary>
public sealed record StudentCalibration
{
    /// <summary>What log-probabilities of labels are divided by: above 1 for a student that is too sure of itself.</summary>
    public required double Temperature { get; init; }

    /// <summary>Rows that it was fitted on.</summary>
    public required int Rows { get; init; }

    /// <summary>Expected calibration error, from 0 to 1, of the student's own probabilities.</summary>
    public required double ErrorBefore { get; init; }

    /// <summary>The same of calibrated probabilities, each half of the rows judged by the temperature of the other half.</summary>
    public required double ErrorAfter { get; init; }

    /// <summary>Which tokens the task's inputs have; null where there were too few rows.</summary>
    public Familiarity? Familiarity { get; init; }
}
