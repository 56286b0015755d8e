using ScottPlot;
using StepDistill.Evaluation.Comparisons;

namespace StepDistill.Reports.Figures;

/// <summary>
/// How an arm looks in every figure: by colour, by its mark's shape and by its line's pattern, so that each alone tells it apart, in
/// print without colours and for the colour-blind.
/// </summary>
/// <remarks>Colours: Okabe and Ito 2008, "Color Universal Design", without the yellow that white paper swallows.</remarks>
/// <param name="Color">Of its line and marks.</param>
/// <param name="Marker">The shape of its mean.</param>
/// <param name="Pattern">Of its line.</param>
internal sealed record ArmStyle(Color Color, MarkerShape Marker, LinePattern Pattern)
{
    // In the order of ComparisonArms.All: the method's own line is the only one without gaps.
    private static readonly ArmStyle[] Styles =
    [
        new(Color.FromHex("#0072B2"), MarkerShape.FilledCircle, LinePattern.Dashed),
        new(Color.FromHex("#E69F00"), MarkerShape.FilledSquare, LinePattern.Dotted),
        new(Color.FromHex("#009E73"), MarkerShape.FilledTriangleUp, LinePattern.DenselyDashed),
        new(Color.FromHex("#CC79A7"), MarkerShape.FilledTriangleDown, new([12, 4, 2, 4], 0, "dash and dot")),
        new(Color.FromHex("#56B4E9"), MarkerShape.OpenSquare, new([2, 8], 0, "sparse")),
        new(Color.FromHex("#D55E00"), MarkerShape.FilledDiamond, LinePattern.Solid),
    ];

    /// <summary>The style of an arm, in every report the same.</summary>
    /// <param name="arm">One of <see cref="ComparisonArms.All"/>.</param>
    public static ArmStyle Of(string arm) => Styles[Math.Max(0, ComparisonArms.All.ToList().IndexOf(arm)) % Styles.Length];
}
