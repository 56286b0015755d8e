namespace StepDistill.Inference.Confidence;

/// <summary>An answer with what calibration is made from.</summary>
/// <param name="Answer">What the student says.</param>
/// <param name="Labels">The labels that the question may have; empty where they are not scored.</param>
/// <param name="LogProbabilities">Those of the labels, in their order.</param>
/// <param name="Input">The input's ids as the student read them.</param>
internal readonly record struct MeasuredAnswer(
    StudentAnswer Answer, IReadOnlyList<string> Labels, double[] LogProbabilities, int[] Input);
