using StepDistill.Evaluation.Comparisons;
using StepDistill.Reports.Tables;
using Sylvan.Data.Csv;

namespace StepDistill.Reports.Tests.Tables;

public sealed class ComparisonCsvTests
{
    private static readonly ComparisonReport Report = RichReport.Make();

    [Fact]
    public void Every_run_has_a_row_and_failed_ones_say_why()
    {
        var rows = Read(ComparisonCsv.Runs(Report));

        Assert.Equal(Report.Cells.Count, rows.Count);
        var failed = Assert.Single(rows, row => row["fault"].Length > 0);
        Assert.Equal(Report.Cells.Single(cell => cell.Fault is not null).Fault, failed["fault"]);
        Assert.Equal("", failed["accuracy"]);
        Assert.Equal("true", Assert.Single(rows, row => row["stuck"] == "true")["stuck"]);
    }

    [Fact]
    public void Numbers_are_the_reports()
    {
        var (arm, difference) = (Report.Arms[7], Report.Differences[11]);
        var (arms, differences) = (Read(ComparisonCsv.Arms(Report)), Read(ComparisonCsv.Differences(Report)));

        Assert.Equal(Report.Arms.Count, arms.Count);
        Assert.Equal(Report.Differences.Count, differences.Count);
        Assert.Equal(arm.Accuracy, double.Parse(arms[7]["accuracy"], System.Globalization.CultureInfo.InvariantCulture));
        Assert.Equal(arm.Arm, arms[7]["arm"]);
        Assert.Equal(difference.AdjustedPValue, double.Parse(differences[11]["adjusted_p_value"], System.Globalization.CultureInfo.InvariantCulture));
        Assert.Equal(difference.Against, differences[11]["against"]);
    }

    private static List<Dictionary<string, string>> Read(string csv)
    {
        using var reader = CsvDataReader.Create(new StringReader(csv), new CsvDataReaderOptions { Culture = System.Globalization.CultureInfo.InvariantCulture });
        List<Dictionary<string, string>> rows = [];
        while (reader.Read())
        {
            rows.Add(Enumerable.Range(0, reader.FieldCount).ToDictionary(reader.GetName, reader.GetString));
        }

        return rows;
    }
}
