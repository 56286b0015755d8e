using ScottPlot;

namespace StepDistill.Reports.Figures;

/// <summary>One line of a forest plot; all numbers are shares.</summary>
/// <param name="Label">What it is about.</param>
/// <param name="Value">The estimate.</param>
/// <param name="Low">Lower end of its 95 % interval.</param>
/// <param name="High">Upper end of its 95 % interval.</param>
/// <param name="Inner">A narrower interval inside, drawn thicker; null without one.</param>
/// <param name="Numbers">The same in figures, for the right margin.</param>
/// <param name="Filled">Whether its mark is filled.</param>
internal sealed record ForestLine(
    string Label, double Value, double Low, double High, (double Low, double High)? Inner, string Numbers, bool Filled);

/// <summary>Estimates below each other, each with its interval: a forest plot.</summary>
internal static class ForestFigure
{
    private const int Width = 800;
    private const int LineHeight = 30;
    private const int TopMargin = 12;
    private const int BottomMargin = 58;
    private const int SideMargin = 16;

    // An interval may say much more than can be drawn: with two seeds it often spans everything. So it may widen the figure by this
    // share of what else there is to see.
    private const double MostBeyond = 0.3;

    /// <summary>Draws lines, the first on top.</summary>
    /// <param name="name">The file's name without the ending.</param>
    /// <param name="title">What it shows.</param>
    /// <param name="caption">How to read it.</param>
    /// <param name="axis">What the numbers are.</param>
    /// <param name="lines">At least one.</param>
    /// <param name="marks">Places across all lines: zero, or a teacher and a baseline; each with its pattern.</param>
    /// <param name="tick">How a number on the axis is written.</param>
    public static Figure Draw(
        string name,
        string title,
        string caption,
        string axis,
        IReadOnlyList<ForestLine> lines,
        IReadOnlyList<(double Place, LinePattern Pattern)> marks,
        Func<double, string> tick)
    {
        var plot = Frame.Empty(new PixelPadding(
            FigureFont.Width(lines.Select(line => line.Label), Frame.LetterSize) + SideMargin,
            FigureFont.Width(lines.Select(line => line.Numbers), Frame.LetterSize) + SideMargin,
            BottomMargin,
            TopMargin));
        var places = marks.Select(mark => mark.Place).Concat(lines.Select(line => line.Value)).ToList();
        var (least, most) = (places.Min(), places.Max());
        var beyond = Math.Max(MostBeyond * (most - least), 0.02);
        var low = Math.Max(Math.Min(least, lines.Min(line => line.Low)), least - beyond);
        var high = Math.Min(Math.Max(most, lines.Max(line => line.High)), most + beyond);
        var margin = Math.Max(0.05 * (high - low), 0.002);
        (low, high) = (low - margin, high + margin);
        plot.Axes.SetLimits(low, high, -0.5, lines.Count - 0.5);
        plot.Axes.SetLimitsY(-0.5, lines.Count - 0.5, plot.Axes.Right);

        var ticks = Frame.Round(low, high);
        foreach (var place in ticks)
        {
            plot.Line([new(place, -1), new(place, lines.Count)], Frame.Pencil.WithAlpha(0.25), 0.7f);
        }

        foreach (var (place, pattern) in marks)
        {
            plot.Line([new(place, -1), new(place, lines.Count)], Frame.Ink, 1.3f, pattern);
        }

        var color = Color.FromHex("#0072B2");
        for (var i = 0; i < lines.Count; i++)
        {
            var (line, y) = (lines[i], lines.Count - 1 - i);
            plot.Line([new(line.Low, y), new(line.High, y)], color, 1.5f);
            if (line.Inner is { } inner)
            {
                plot.Line([new(inner.Low, y), new(inner.High, y)], color, 4.5f);
            }

            plot.Mark(line.Value, y, MarkerShape.FilledCircle, 11, color);
            if (!line.Filled)
            {
                plot.Mark(line.Value, y, MarkerShape.FilledCircle, 7, Colors.White, 0);
            }
        }

        Frame.Ticks(plot.Axes.Bottom, ticks.Select(place => (place, tick(place))));
        Frame.Name(plot.Axes.Bottom, axis);
        Frame.Ticks(plot.Axes.Left, lines.Select((line, i) => ((double)(lines.Count - 1 - i), line.Label)), marked: false);
        Frame.Ticks(plot.Axes.Right, lines.Select((line, i) => ((double)(lines.Count - 1 - i), line.Numbers)), marked: false);
        plot.Axes.Left.FrameLineStyle.Width = 0;
        var cut = lines.Any(line => line.Low < low || line.High > high) ? " Intervals that reach the frame go on beyond it." : "";
        return new Figure(
            name, title, caption + cut, plot, Width, TopMargin + BottomMargin + (LineHeight * lines.Count));
    }
}
