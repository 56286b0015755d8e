using StepDistill.Evaluation.Comparisons;
using StepDistill.Files;
using StepDistill.Reports.Figures;
using StepDistill.Reports.Pages;
using StepDistill.Reports.Tables;

namespace StepDistill.Reports;

/// <summary>A comparison as one shows it: a page, its figures, and tables for other programs.</summary>
public static class ReportFolder
{
    /// <summary>
    /// Writes <c>comparison.json</c>, <c>comparison.md</c>, <c>figures/*.svg</c>, <c>figures/*.png</c>, <c>runs.csv</c>, <c>arms.csv</c>,
    /// <c>differences.csv</c> and at last <c>report.html</c>, each whole or not at all. Equal reports make equal bytes.
    /// </summary>
    /// <param name="report">What was found.</param>
    /// <param name="folder">Where to; it is made. Older files are replaced.</param>
    /// <returns>The page's path.</returns>
    /// <exception cref="IOException">The disk is full or the place cannot be written.</exception>
    public static string Write(ComparisonReport report, string folder)
    {
        report.Write(folder);
        var figures = new FigureSet(report);
        RemoveFigures(Path.Combine(folder, "figures"));
        foreach (var figure in figures.All)
        {
            var path = Path.Combine(folder, "figures", figure.Name);
            AtomicFile.WriteText($"{path}.svg", figure.Svg);
            AtomicFile.Write($"{path}.png", stream => stream.Write(figure.Png()));
        }

        AtomicFile.WriteText(Path.Combine(folder, "runs.csv"), ComparisonCsv.Runs(report));
        AtomicFile.WriteText(Path.Combine(folder, "arms.csv"), ComparisonCsv.Arms(report));
        AtomicFile.WriteText(Path.Combine(folder, "differences.csv"), ComparisonCsv.Differences(report));
        var page = Path.Combine(folder, "report.html");
        AtomicFile.WriteText(page, ReportPage.Write(report, figures));
        return page;
    }

    // An earlier comparison may have had more variants: their figures would be taken for this one's.
    private static void RemoveFigures(string folder)
    {
        if (!Directory.Exists(folder))
        {
            return;
        }

        foreach (var file in Directory.EnumerateFiles(folder).Where(file => Path.GetExtension(file) is ".svg" or ".png"))
        {
            File.Delete(file);
        }
    }
}
