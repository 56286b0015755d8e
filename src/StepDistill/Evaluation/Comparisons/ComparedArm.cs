using System.Text.Json.Serialization;
using StepDistill.Evaluation.Statistics;

namespace StepDistill.Evaluation.Comparisons;

/// <summary>One arm at one fraction, over its seeds.</summary>
/// <param name="Arm">How the students were trained.</param>
/// <param name="Fraction">Share of the training rows.</param>
/// <param name="Seeds">The seeds that have a result.</param>
/// <param name="Accuracy">Mean of their accuracies.</param>
/// <param name="Low">Lower end of its interval.</param>
/// <param name="High">Upper end of its interval.</param>
/// <param name="Lowest">The worst seed's accuracy.</param>
/// <param name="Highest">The best seed's accuracy.</param>
/// <param name="Deviation">The seeds' standard deviation; null for one seed.</param>
/// <param name="Stuck">How many seeds are stuck.</param>
/// <param name="Failed">How many runs failed.</param>
/// <param name="TrainingExamples">Examples that they were trained on.</param>
/// <param name="Variant">Their size and settings; empty for the recipe as it is.</param>
public sealed record ComparedArm(
    string Arm,
    double Fraction,
    IReadOnlyList<int> Seeds,
    double Accuracy,
    double Low,
    double High,
    double Lowest,
    double Highest,
    double? Deviation,
    int Stuck,
    int Failed,
    int TrainingExamples,
    string Variant = "")
{
    /// <summary>The accuracy of each of <see cref="Seeds"/>.</summary>
    public IReadOnlyList<double> BySeed { get; init; } = [];

    /// <summary>The accuracy with its standard error, for curves.</summary>
    [JsonIgnore]
    internal Estimate? Estimate { get; init; }

    /// <summary>Mean over seeds of the mean F1 over labels; null where the task has no closed set of labels.</summary>
    public double? MacroF1 { get; init; }

    /// <summary>Mean over seeds of the expected calibration error: by how much confidence misses accuracy; null where no confidence is known.</summary>
    public double? CalibrationError { get; init; }

    /// <summary>Mean over seeds of ROUGE-L of the students' rationales with the teacher's; null where none were written.</summary>
    public double? RationaleOverlap { get; init; }

    /// <summary>Mean over seeds of the share of answers that the task does not allow.</summary>
    public double Unreadable { get; init; }

    /// <summary>
    /// Rows by gold label (down) and answer (across), summed over seeds, in the order of <see cref="ComparisonReport.Labels"/> and with a
    /// last column for unreadable answers; null where the task has no closed set of labels.
    /// </summary>
    public IReadOnlyList<IReadOnlyList<int>>? Confusion { get; init; }

    /// <summary>Precision, recall and F1 of each label from <see cref="Confusion"/>; null where there is none.</summary>
    public IReadOnlyList<ComparedLabel>? ByLabel { get; init; }
}

/// <summary>How one label is told.</summary>
/// <param name="Label">The label.</param>
/// <param name="Rows">Rows whose gold label it is.</param>
/// <param name="Precision">Of the answers with this label, the share that is right; null where there are none.</param>
/// <param name="Recall">Of the rows with this gold label, the share answered so; null where there are none.</param>
/// <param name="F1">Their harmonic mean; null where both are null.</param>
public sealed record ComparedLabel(string Label, int Rows, double? Precision, double? Recall, double? F1);
