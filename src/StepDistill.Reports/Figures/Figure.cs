using ScottPlot;

namespace StepDistill.Reports.Figures;

/// <summary>A finished figure.</summary>
/// <param name="Name">Its file's name without the ending.</param>
/// <param name="Title">What it shows, in one line.</param>
/// <param name="Caption">How to read it.</param>
/// <param name="Plot">What is drawn.</param>
/// <param name="Width">In pixels at normal size.</param>
/// <param name="Height">In pixels at normal size.</param>
internal sealed record Figure(string Name, string Title, string Caption, Plot Plot, int Width, int Height)
{
    // Pictures are put on slides and screens of twice the density.
    private const int PngScale = 2;

    /// <summary>The figure as a file of its own, and as a part of a page.</summary>
    public string Svg { get; } = FigureSvg.Tidy(Plot.GetSvgXml(Width, Height), Name, Title, Width, Height);

    /// <summary>The figure as a picture, twice as large.</summary>
    public byte[] Png()
    {
        Plot.ScaleFactor = PngScale;
        try
        {
            return Plot.GetImageBytes(Width * PngScale, Height * PngScale, ImageFormat.Png);
        }
        finally
        {
            Plot.ScaleFactor = 1;
        }
    }
}
