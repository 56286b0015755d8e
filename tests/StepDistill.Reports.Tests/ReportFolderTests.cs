using System.Globalization;
using StepDistill.Evaluation.Comparisons;

namespace StepDistill.Reports.Tests;

public sealed class ReportFolderTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("report-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Everything_is_written_and_nothing_else_is_left()
    {
        var page = ReportFolder.Write(RichReport.Make(), _folder);

        Assert.Equal(Path.Combine(_folder, "report.html"), page);
        Assert.Equal(
            [
                "arms.csv", "comparison.json", "comparison.md", "differences.csv",
                "figures/accuracy-by-rows-1.png", "figures/accuracy-by-rows-1.svg",
                "figures/accuracy-by-rows-2.png", "figures/accuracy-by-rows-2.svg",
                "figures/accuracy-by-size.png", "figures/accuracy-by-size.svg",
                "figures/differences-1.png", "figures/differences-1.svg", "figures/differences-2.png", "figures/differences-2.svg",
                "report.html", "runs.csv",
            ],
            Files(_folder).Keys);
    }

    [Fact]
    public void Equal_reports_make_equal_bytes_in_any_culture_and_order()
    {
        var (first, second) = (Path.Combine(_folder, "first"), Path.Combine(_folder, "second"));
        ReportFolder.Write(RichReport.Make(), first);

        var culture = CultureInfo.CurrentCulture;
        var german = (CultureInfo)CultureInfo.InvariantCulture.Clone();
        german.NumberFormat.NumberDecimalSeparator = ",";
        german.NumberFormat.NumberGroupSeparator = ".";
        try
        {
            CultureInfo.CurrentCulture = german;
            ReportFolder.Write(Small(), second);
            ReportFolder.Write(RichReport.Make(), second);
        }
        finally
        {
            CultureInfo.CurrentCulture = culture;
        }

        var (expected, actual) = (Files(first), Files(second));
        Assert.Equal(expected.Keys, actual.Keys);
        Assert.All(expected, file => Assert.True(file.Value.SequenceEqual(actual[file.Key]), $"{file.Key} differs"));
    }

    [Fact]
    public void The_smallest_report_has_a_page_and_a_figure()
    {
        ReportFolder.Write(Small(), _folder);

        Assert.Equal(
            [
                "arms.csv", "comparison.json", "comparison.md", "differences.csv", "figures/accuracy.png", "figures/accuracy.svg", "report.html",
                "runs.csv",
            ],
            Files(_folder).Keys);
    }

    internal static ComparisonReport Small()
    {
        var rich = RichReport.Make();
        var arm = rich.Arms[0] with { Variant = "", Fraction = 1, ByLabel = null, Confusion = null };
        return rich with
        {
            Teacher = null, Labels = null, Variants = [], Arms = [arm], Differences = [], Standings = [], Curves = [], Savings = [],
            Rationales = null, Costs = null, Gates = [], Cells = [rich.Cells[0] with { Variant = "", Fraction = 1 }],
        };
    }

    private static SortedDictionary<string, byte[]> Files(string folder) => new(
        Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).ToDictionary(
            file => Path.GetRelativePath(folder, file).Replace('\\', '/'), File.ReadAllBytes),
        StringComparer.Ordinal);
}
