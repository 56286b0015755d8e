using ScottPlot;
using SkiaSharp;

namespace StepDistill.Reports.Figures;

/// <summary>The font of figures, brought along: pictures are the same on machines with other fonts, or with none.</summary>
/// <remarks>
/// DejaVu Sans (Bitstream Vera's licence) with the letters of Latin, Greek and Cyrillic alone. A program that shows the SVG and has
/// no DejaVu takes <see cref="Families"/> instead: text stays text.
/// </remarks>
internal sealed class FigureFont : IFontResolver
{
    public const string Name = "DejaVu Sans";

    /// <summary>What stands in SVG: the next best are fonts of the same width.</summary>
    public const string Families = "DejaVu Sans, Verdana, Geneva, sans-serif";

    // A name longer than this leaves the margin; the caption has it whole.
    private const int LongestLabel = 26;

    private static readonly SKTypeface Typeface = Load();

    private FigureFont()
    {
    }

    /// <summary>Makes the font known to the plotting library; once is enough.</summary>
    public static void Register()
    {
        lock (Typeface)
        {
            if (!Fonts.FontResolvers.Exists(resolver => resolver is FigureFont))
            {
                Fonts.FontResolvers.Insert(0, new FigureFont());
            }
        }
    }

    /// <summary>Whether every letter of a text can be drawn and the text is short enough for a label.</summary>
    public static bool Fits(string text) => text.Length <= LongestLabel && Typeface.ContainsGlyphs(text);

    /// <summary>A text as a label: cut where it is too long, and with a box for each letter that cannot be drawn.</summary>
    public static string Label(string text)
    {
        var letters = text.EnumerateRunes()
            .Select(rune => Typeface.ContainsGlyph(rune.Value) ? rune.ToString() : "□")
            .ToList();
        return letters.Count <= LongestLabel
            ? string.Concat(letters)
            : string.Concat(letters.Take(LongestLabel - 1)) + "…";
    }

    /// <summary>How wide the widest of some labels is, in pixels.</summary>
    public static float Width(IEnumerable<string> labels, float size)
    {
        using var font = new SKFont(Typeface, size);
        return labels.Select(label => font.MeasureText(label)).DefaultIfEmpty().Max();
    }

    public SKTypeface? CreateTypeface(string fontName, FontWeight weight, FontSlant slant, FontSpacing spacing) =>
        fontName == Name ? Typeface : null;

    public SKTypeface? CreateTypeface(string fontName, bool bold, bool italic) => fontName == Name ? Typeface : null;

    private static SKTypeface Load()
    {
        using var stream = typeof(FigureFont).Assembly.GetManifestResourceStream("DejaVuSans.ttf")!;
        return SKTypeface.FromStream(stream);
    }
}
