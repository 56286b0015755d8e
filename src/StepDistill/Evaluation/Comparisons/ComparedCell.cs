namespace StepDistill.Evaluation.Comparisons;

/// <summary>One run of a comparison.</summary>
/// <param name="Arm">How the student was trained.</param>
/// <param name="Fraction">Share of the training rows.</param>
/// <param name="Seed">Seed of every random choice.</param>
public sealed record ComparedCell(string Arm, double Fraction, int Seed)
{
    /// <summary>Size and settings; empty for the recipe as it is.</summary>
    public string Variant { get; init; } = "";

    /// <summary>The run's folder below the recipe's.</summary>
    public string Run { get; init; } = "";

    /// <summary>The hash of everything that the run's outcome depends on; null where it failed.</summary>
    public string? Identity { get; init; }

    /// <summary>The version of StepDistill that trained it; null where it failed.</summary>
    public string? TrainedBy { get; init; }

    /// <summary>The best score on the validation rows; null where the run failed.</summary>
    public double? ValidationScore { get; init; }

    /// <summary>The expected calibration error; null where no confidence is known.</summary>
    public double? CalibrationError { get; init; }

    /// <summary>ROUGE-L of its rationales with the teacher's; null where none were written.</summary>
    public double? RationaleOverlap { get; init; }

    /// <summary>Share of rows answered right; null where the run failed.</summary>
    public double? Accuracy { get; init; }

    /// <summary>Rows answered right; null where the run failed.</summary>
    public int? Correct { get; init; }

    /// <summary>Rows answered; null where the run failed.</summary>
    public int? Rows { get; init; }

    /// <summary>Rows whose answer is no label that the task allows; null where the run failed.</summary>
    public int? Unreadable { get; init; }

    /// <summary>Mean F1 over labels; null where the run failed or the task has no closed set of labels.</summary>
    public double? MacroF1 { get; init; }

    /// <summary>Examples that it was trained on; null where the run failed.</summary>
    public int? TrainingExamples { get; init; }

    /// <summary>The step whose weights were kept; null where the run failed.</summary>
    public int? BestStep { get; init; }

    /// <summary>
    /// Whether the student is stuck: the interval of its accuracy reaches down to the baseline, so that it cannot be
    /// told from giving everybody the same answer.
    /// </summary>
    public bool Stuck { get; init; }

    /// <summary>Why the run failed; null where it did not.</summary>
    public string? Fault { get; init; }
}
