namespace StepDistill.Evaluation.Comparisons;

/// <summary>Whether students may replace the teacher: a test of non-inferiority on the same rows.</summary>
/// <param name="Arm">How the students were trained.</param>
/// <param name="Variant">Their size and settings.</param>
/// <param name="Fraction">Share of the training rows.</param>
/// <param name="Margin">How much worse they may be, as a share: 0.01 is one point.</param>
/// <param name="Difference">Accuracy of the students less that of the teacher.</param>
/// <param name="Low">Lower end of its interval: above −<paramref name="Margin"/> they are not worse by more than that.</param>
/// <param name="High">Upper end of its interval.</param>
/// <param name="PValue">How often a student that is worse by the whole margin would look this good.</param>
public sealed record ComparedStanding(
    string Arm, string Variant, double Fraction, double Margin, double Difference, double Low, double High, double PValue)
{
    /// <summary>Whether the interval allows to say that the students are not worse by more than the margin.</summary>
    public bool NonInferior => Low > -Margin;
}
