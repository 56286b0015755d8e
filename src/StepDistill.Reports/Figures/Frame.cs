using System.Globalization;
using ScottPlot;
using ScottPlot.TickGenerators;

namespace StepDistill.Reports.Figures;

/// <summary>What all figures share: an empty plot in the house's style, with margins that are known beforehand.</summary>
internal static class Frame
{
    public static readonly Color Ink = Color.FromHex("#1A1A1A");
    public static readonly Color Pencil = Color.FromHex("#767676");

    public const float LetterSize = 14;

    /// <summary>An empty plot.</summary>
    /// <param name="margins">Pixels around the data.</param>
    public static Plot Empty(PixelPadding margins)
    {
        FigureFont.Register();
        var plot = new Plot();
        plot.Font.Set(FigureFont.Name);
        plot.FigureBackground.Color = Colors.White;
        plot.DataBackground.Color = Colors.White;
        plot.HideLegend();
        plot.Layout.Fixed(margins);
        plot.Axes.Color(Ink);
        plot.Axes.Top.FrameLineStyle.Width = 0;
        plot.Axes.Right.FrameLineStyle.Width = 0;
        plot.Grid.XAxisStyle.IsVisible = false;
        plot.Grid.YAxisStyle.IsVisible = false;
        return plot;
    }

    /// <summary>Puts an axis' marks where they are named, and names them.</summary>
    public static void Ticks(IAxis axis, IEnumerable<(double Place, string Label)> ticks, bool marked = true)
    {
        var all = ticks.ToList();
        axis.TickGenerator = new NumericManual([.. all.Select(tick => tick.Place)], [.. all.Select(tick => tick.Label)]);
        axis.TickLabelStyle.FontSize = LetterSize;
        axis.TickLabelStyle.FontName = FigureFont.Name;
        axis.TickLabelStyle.ForeColor = Ink;
        axis.MinorTickStyle.Length = 0;
        if (axis is IYAxis)
        {
            // The library centres a line with the space below its letters; what is seen are the letters.
            axis.TickLabelStyle.OffsetY = LetterSize / 4;
        }

        if (!marked)
        {
            axis.MajorTickStyle.Length = 0;
        }
    }

    /// <summary>Names an axis.</summary>
    public static void Name(IAxis axis, string name)
    {
        axis.Label.Text = name;
        axis.Label.FontSize = LetterSize;
        axis.Label.FontName = FigureFont.Name;
        axis.Label.Bold = false;
        axis.Label.ForeColor = Ink;
    }

    /// <summary>Round shares within a range, about six of them.</summary>
    public static IReadOnlyList<double> Round(double low, double high)
    {
        // Whole thousandths, so that 0.3 is 0.3.
        int[] steps = [1, 2, 5, 10, 20, 50, 100, 200, 500];
        var step = steps.FirstOrDefault(one => (high - low) * 1000 / one <= 7, 1000);
        var first = (int)Math.Ceiling((low * 1000 / step) - 1e-9);
        var last = (int)Math.Floor((high * 1000 / step) + 1e-9);
        return [.. Enumerable.Range(first, Math.Max(0, last - first + 1)).Select(count => count * step / 1000.0)];
    }

    /// <summary>A share in percent without more digits than it has.</summary>
    public static string Percent(double share) => (share * 100).ToString("0.#", CultureInfo.InvariantCulture) + " %";

    /// <summary>A line through points.</summary>
    public static void Line(this Plot plot, IEnumerable<Coordinates> points, Color color, float width, LinePattern? pattern = null)
    {
        var line = plot.Add.ScatterLine(points.ToArray());
        line.LineColor = color;
        line.LineWidth = width;
        line.LinePattern = pattern ?? LinePattern.Solid;
    }

    /// <summary>A mark at a point.</summary>
    public static void Mark(this Plot plot, double x, double y, MarkerShape shape, float size, Color color, float lineWidth = 1.5f)
    {
        var mark = plot.Add.Marker(x, y, shape, size, color);
        mark.MarkerLineWidth = lineWidth;
        mark.MarkerLineColor = color;
    }
}
