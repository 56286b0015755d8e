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
    int TrainingExamples);
