namespace StepDistill.Inference.Cascades;

/// <summary>What changed in the newest calls, compared with the rows that the cascade was set on. Signals that cannot be told are null.</summary>
public sealed record DriftSnapshot
{
    /// <summary>Calls in the window.</summary>
    public int Calls { get; init; }

    /// <summary>The share of them that the student answered; null where there are none.</summary>
    public double? AnsweredShare { get; init; }

    /// <summary>The share of calls that would have to bear another label for the old mix: total variation, from 0 to 1.</summary>
    public double? LabelShift { get; init; }

    /// <summary>The population stability index of the mix of labels, from 0; widely, 0.1 is called some change and 0.25 much.</summary>
    public double? LabelStability { get; init; }

    /// <summary>The largest difference between the two distributions of confidence: Kolmogorov and Smirnov's, from 0 to 1.</summary>
    public double? ConfidenceDistance { get; init; }

    /// <summary>The share of unusual inputs, familiarity below <see cref="CascadeBaseline.Unusual"/>; about that much is normal.</summary>
    public double? UnusualShare { get; init; }

    /// <summary>The share of inputs that were cut.</summary>
    public double? CutShare { get; init; }

    /// <summary>Audited calls in their window.</summary>
    public int Audits { get; init; }

    /// <summary>The share of audited answers of the student with which the large model agreed.</summary>
    public double? Agreement { get; init; }

    /// <summary>The interval of that share, at 95 %.</summary>
    public (double Low, double High)? AgreementInterval { get; init; }

    /// <summary>What differs by more than chance, each in a sentence; empty where nothing does.</summary>
    public IReadOnlyList<string> Alarms { get; init; } = [];
}
