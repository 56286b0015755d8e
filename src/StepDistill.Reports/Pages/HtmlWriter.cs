using System.Text;
using System.Text.Encodings.Web;
using System.Text.RegularExpressions;
using System.Text.Unicode;

namespace StepDistill.Reports.Pages;

/// <summary>Writes HTML in which text can be nothing but text: all of it is encoded here and nowhere else.</summary>
internal sealed partial class HtmlWriter
{
    // Letters of all scripts stay readable in the source; what HTML could mistake for markup does not.
    private static readonly HtmlEncoder Encoder = HtmlEncoder.Create(UnicodeRanges.All);

    private readonly StringBuilder _html = new();

    /// <summary>Encodes text for elements and for quoted attributes.</summary>
    public static string Encode(string text) => Encoder.Encode(Joined(text));

    /// <summary>Writes markup of the program's own as it is.</summary>
    public void Raw(string html) => _html.Append(html);

    /// <summary>Writes an element with text.</summary>
    public void Element(string tag, string text, string? @class = null)
    {
        Open(tag, @class);
        _html.Append(Encode(text)).Append("</").Append(tag).Append(">\n");
    }

    /// <summary>Writes an element with sentences that may mark words <c>**bold**</c> or <c>`code`</c>, as Markdown does.</summary>
    public void Prose(string tag, string markdown, string? @class = null)
    {
        Open(tag, @class);
        _html.Append(Inline(markdown)).Append("</").Append(tag).Append(">\n");
    }

    /// <summary>Begins a section with a heading; <see cref="EndSection"/> ends it.</summary>
    public void Section(string id, string title)
    {
        _html.Append("<section id=\"").Append(id).Append("\">\n");
        Element("h2", title);
    }

    /// <summary>Ends what <see cref="Section"/> began.</summary>
    public void EndSection() => _html.Append("</section>\n");

    /// <summary>Writes a table in a box in which it can be moved where it is wider than the page.</summary>
    public void Table(HtmlTable table, string name)
    {
        // A box that scrolls must be reachable by keyboard, and then it needs a name.
        _html.Append("<div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-label=\"").Append(Encode(name)).Append("\"><table>\n<thead><tr>");
        foreach (var (text, right) in table.Heads)
        {
            _html.Append(right ? "<th scope=\"col\" class=\"number\">" : "<th scope=\"col\">").Append(Encode(text)).Append("</th>");
        }

        _html.Append("</tr></thead>\n<tbody>\n");
        foreach (var row in table.Rows)
        {
            _html.Append("<tr>");
            foreach (var (cell, (_, right)) in row.Zip(table.Heads))
            {
                string[] classes = [.. right ? ["number"] : Array.Empty<string>(), .. cell.Class is { } own ? [own] : Array.Empty<string>()];
                Open("td", classes.Length > 0 ? string.Join(' ', classes) : null);
                _html.Append(Encode(cell.Text)).Append("</td>");
            }

            _html.Append("</tr>\n");
        }

        _html.Append("</tbody>\n</table></div>\n");
    }

    /// <summary>Writes a table that readers open when they want it.</summary>
    public void Folded(string summary, HtmlTable table)
    {
        _html.Append("<details>\n");
        Element("summary", summary);
        Table(table, summary);
        _html.Append("</details>\n");
    }

    // A number and its sign stay on one line.
    private static string Joined(string text) => text.Replace(" %", "\u00A0%", StringComparison.Ordinal);

    public override string ToString() => _html.ToString();

    private void Open(string tag, string? @class)
    {
        _html.Append('<').Append(tag);
        if (@class is not null)
        {
            _html.Append(" class=\"").Append(@class).Append('"');
        }

        _html.Append('>');
    }

    // What Markdown had to write in another way is undone first: it is encoded again, for HTML.
    private static string Inline(string markdown)
    {
        var text = Encode(markdown
            .Replace("\\|", "|", StringComparison.Ordinal)
            .Replace("&lt;", "<", StringComparison.Ordinal));
        return Code().Replace(Bold().Replace(text, "<strong>$1</strong>"), "<code>$1</code>");
    }

    [GeneratedRegex(@"\*\*(.+?)\*\*")]
    private static partial Regex Bold();

    [GeneratedRegex("&#x60;(.+?)&#x60;")]
    private static partial Regex Code();
}
