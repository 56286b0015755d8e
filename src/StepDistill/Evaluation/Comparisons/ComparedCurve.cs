namespace StepDistill.Evaluation.Comparisons;

/// <summary>How an arm's accuracy grows with its training rows or with its student's size.</summary>
/// <param name="Arm">How the students were trained.</param>
/// <param name="Variant">Their size and settings; empty where the curve runs over sizes.</param>
/// <param name="Axis"><see cref="Rows"/> or <see cref="Parameters"/>.</param>
/// <param name="Points">What was measured, from the left.</param>
/// <param name="Line">The fitted power law, from the left; empty where there are too few points to fit one.</param>
/// <param name="Law">The law in words, such as <c>0.62 − 1.8·n^−0.35</c>; null without one.</param>
public sealed record ComparedCurve(
    string Arm, string Variant, string Axis, IReadOnlyList<ComparedPoint> Points, IReadOnlyList<ComparedPoint> Line, string? Law)
{
    /// <summary>Whether the law passes through the intervals of all points; where it does not, what follows from it is a guess.</summary>
    public bool Fits { get; init; } = true;

    /// <summary>An axis: training rows.</summary>
    public const string Rows = "rows";

    /// <summary>An axis: the student's parameters.</summary>
    public const string Parameters = "parameters";
}

/// <summary>A place on a curve.</summary>
/// <param name="X">Training rows or parameters.</param>
/// <param name="Accuracy">The mean over seeds, or the fitted value.</param>
/// <param name="Low">Lower end of its 95 % interval.</param>
/// <param name="High">Upper end of its 95 % interval.</param>
/// <param name="BySeed">Each seed's accuracy; empty for a fitted value.</param>
public sealed record ComparedPoint(double X, double Accuracy, double Low, double High, IReadOnlyList<double> BySeed);
