using System.Globalization;
using System.Xml.Linq;

namespace StepDistill.Reports.Figures;

/// <summary>Makes of the plotting library's SVG one that may stand in a page beside others.</summary>
internal static class FigureSvg
{
    private static readonly XNamespace Namespace = "http://www.w3.org/2000/svg";

    /// <summary>
    /// Gives it a title for those who cannot see it, a size that follows the page, ids of its own, and text that other fonts can show.
    /// </summary>
    /// <param name="xml">What the library wrote.</param>
    /// <param name="name">Unique among a page's figures.</param>
    /// <param name="title">What it shows.</param>
    /// <param name="width">In pixels.</param>
    /// <param name="height">In pixels.</param>
    public static string Tidy(string xml, string name, string title, int width, int height)
    {
        var svg = XDocument.Parse(xml).Root!;
        svg.SetAttributeValue("viewBox", string.Create(CultureInfo.InvariantCulture, $"0 0 {width} {height}"));
        svg.SetAttributeValue("role", "img");
        svg.SetAttributeValue("aria-labelledby", $"{name}-title");
        svg.AddFirst(new XElement(Namespace + "title", new XAttribute("id", $"{name}-title"), title));

        // The library counts on through all figures that a process makes; numbers of a figure's own make equal bytes.
        var ids = new Dictionary<string, string>();
        foreach (var clip in svg.Descendants(Namespace + "clipPath"))
        {
            var id = (string)clip.Attribute("id")!;
            ids[id] = $"{name}-{ids.Count + 1}";
            clip.SetAttributeValue("id", ids[id]);
        }

        foreach (var clipped in svg.Descendants().Where(element => element.Attribute("clip-path") is not null))
        {
            var id = ((string)clipped.Attribute("clip-path")!)["url(#".Length..^1];
            clipped.SetAttributeValue("clip-path", $"url(#{ids[id]})");
        }

        // A place for each letter would tear words apart in another font; the first is enough.
        foreach (var text in svg.Descendants(Namespace + "text"))
        {
            text.SetAttributeValue("font-family", FigureFont.Families);
            text.SetAttributeValue("x", First(text, "x"));
            text.SetAttributeValue("y", First(text, "y"));
            text.Value = text.Value.Trim();
        }

        return svg.ToString(SaveOptions.DisableFormatting | SaveOptions.OmitDuplicateNamespaces)
            .Replace("\r", "", StringComparison.Ordinal) + "\n";
    }

    private static string First(XElement text, string attribute) => ((string?)text.Attribute(attribute) ?? "0").Split(',')[0].Trim();
}
