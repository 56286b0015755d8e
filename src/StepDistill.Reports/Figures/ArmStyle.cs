using ScottPlot;

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
    private static readonly ArmStyle[] Styles =
    [
        new(Color.FromHex("#0072B2"), MarkerShape.FilledCircle, LinePattern.Dashed),
        new(Color.FromHex("#E69F00"), MarkerShape.FilledSquare, LinePattern.Dotted),
        new(Color.FromHex("#009E73"), MarkerShape.FilledTriangleUp, LinePattern.DenselyDashed),
        new(Color.FromHex("#D55E00"), MarkerShape.FilledDiamond, LinePattern.Solid),
        new(Color.FromHex("#CC79A7"), MarkerShape.FilledTriangleDown, new([12, 4, 2, 4], 0, "dash and dot")),
        new(Color.FromHex("#56B4E9"), MarkerShape.OpenSquare, new([2, 8], 0, "sparse")),
    ];

    /// <summary>The style of the arm that stands at a place among a report's arms; a seventh looks like the first.</summary>
    public static ArmStyle Of(int place) => Styles[place % Styles.Length];
}
