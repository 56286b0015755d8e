using System.Text.Json.Serialization;

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
    /// <summary>Size and settings of the arm; empty for the recipe as it is.</summary>
    public string Variant { get; init; } = "";

    /// <summary>Size and settings of the other one.</summary>
    public string AgainstVariant { get; init; } = "";

    /// <summary>How often chance in rows and seeds alone would show a difference this large.</summary>
    public double PValue { get; init; } = 1;

    /// <summary><see cref="PValue"/> corrected for the number of comparisons in the report (Holm 1979).</summary>
    public double AdjustedPValue { get; init; } = 1;

    /// <summary>The p-value of McNemar's test for these very students, rows clustered over seeds.</summary>
    [JsonPropertyName("mcnemar")]
    public double McNemar { get; init; } = 1;

    /// <summary>The smallest true difference that these rows and seeds would have shown four times in five.</summary>
    public double Detectable { get; init; }

    /// <summary>What <see cref="Against"/> says for the teacher.</summary>
    public const string Teacher = "teacher";

    /// <summary>Whether the interval leaves out 0, so that the two are told apart.</summary>
    public bool Decided => Low > 0 || High < 0;
}
