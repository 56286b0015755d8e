using System.Security.Cryptography;
using System.Text;
using StepDistill.Evaluation.Comparisons;
using StepDistill.Reports.Figures;
using static StepDistill.Evaluation.Comparisons.ReportNumbers;

namespace StepDistill.Reports.Pages;

/// <summary>A comparison as one page of HTML that needs nothing but itself: no network, no script, no other file.</summary>
internal static class ReportPage
{
    /// <summary>Writes the page.</summary>
    /// <param name="report">What was found.</param>
    /// <param name="figures">The same in figures.</param>
    public static string Write(ComparisonReport report, FigureSet figures)
    {
        var page = new HtmlWriter();
        var title = $"{report.Recipe}: arms compared on {Count(report.Rows)} {report.Split} rows";
        Head(page, title);
        page.Raw("<body>\n<main>\n");
        page.Element("h1", title);
        SummarySection.Write(page, report);
        AccuracySection.Write(page, report, figures);
        DifferenceSection.Write(page, report, figures);
        TeacherSection.Write(page, report);
        NeedSection.Write(page, report);
        CostSection.Write(page, report);
        RationaleSection.Write(page, report);
        LabelSection.Write(page, report);
        RunSection.Write(page, report);
        OriginSection.Write(page, report);
        ReadingSection.Write(page, report);
        page.Raw("</main>\n</body>\n</html>\n");
        return page.ToString();
    }

    /// <summary>Writes a figure with its title and caption.</summary>
    public static void Figure(HtmlWriter page, Figure figure)
    {
        page.Raw("<figure>\n<div class=\"card\" role=\"region\" tabindex=\"0\" aria-label=\"");
        page.Raw(HtmlWriter.Encode(figure.Title));
        page.Raw("\">");
        page.Raw(figure.Svg);
        page.Raw("</div>\n<figcaption>");
        page.Raw($"<strong>{HtmlWriter.Encode(figure.Title)}.</strong> {HtmlWriter.Encode(figure.Caption)}");
        page.Raw("</figcaption>\n</figure>\n");
    }

    // The policy lets in this very style sheet and nothing else, so that not even text which escaped its encoding could load or run.
    private static void Head(HtmlWriter page, string title)
    {
        var style = StyleSheet();
        var hash = Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(style)));
        page.Raw("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
        page.Raw("<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
            + $"style-src 'sha256-{hash}'; base-uri 'none'; form-action 'none'\">\n");
        page.Raw("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<meta name=\"color-scheme\" content=\"light dark\">\n");
        page.Element("title", title);
        page.Raw($"<style>{style}</style>\n</head>\n");
    }

    private static string StyleSheet()
    {
        using var stream = typeof(ReportPage).Assembly.GetManifestResourceStream("report.css")!;
        using var reader = new StreamReader(stream, Encoding.UTF8);
        return reader.ReadToEnd();
    }
}
