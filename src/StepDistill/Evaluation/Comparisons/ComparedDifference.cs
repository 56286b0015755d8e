namespace StepDistill.Evaluation.Comparisons;

/// <summary>By how much one arm is ahead of another on the same rows.</summary>
/// <param name="Arm">The arm.</param>
/// <param name="Against">The other one: an arm, or <see cref="Teacher"/>.</param>
/// <param name="Fraction">Share of the training rows.</param>
/// <param name="Difference">Accuracy of the arm less that of the other.</param>
/// <param name="Low">Lower end of its interval, for other rows and other seeds.</param>
/// <param name="High">Upper end of its interval.</param>
/// <param name="RowsLow">Lower end of the interval for these very students on other rows.</param>
/// <param name="RowsHigh">Upper end of that interval.</param>
/// <param name="Seeds">The seeds that both have.</param>
/// <param name="BySeed">The difference for each of them.</param>
public sealed record ComparedDifference(
    string Arm,
    string Against,
    double Fraction,
    double Difference,
    double Low,
    double High,
    double RowsLow,
    double RowsHigh,
    IReadOnlyList<int> Seeds,
    IReadOnlyList<double> BySeed)
{
    /// <summary>What <see cref="Against"/> says for the teacher.</summary>
    public const string Teacher = "teacher";

    /// <summary>Whether the interval leaves out 0, so that the two are told apart.</summary>
    public bool Decided => Low > 0 || High < 0;
}
