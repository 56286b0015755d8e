using System.Globalization;
using StepDistill.Reports.Tables;
using Sylvan.Data.Csv;

namespace StepDistill.Reports.Tests.Tables;

public sealed class CsvTableTests
{
    [Theory]
    [InlineData("=1+1", "'=1+1")]
    [InlineData("+1", "'+1")]
    [InlineData("-1", "'-1")]
    [InlineData("@SUM(A1)", "'@SUM(A1)")]
    [InlineData("\t=1", "'\t=1")]
    [InlineData("a=b", "a=b")]
    [InlineData("", "")]
    public void A_text_is_no_formula(string text, string expected) => Assert.Equal($"name\r\n{expected}\r\n", Table(text));

    [Theory]
    [InlineData("a,b", "\"a,b\"")]
    [InlineData("say \"hi\"", "\"say \"\"hi\"\"\"")]
    [InlineData("two\nlines", "\"two\nlines\"")]
    [InlineData("two\rlines", "\"two\rlines\"")]
    [InlineData("=\"x\"", "\"'=\"\"x\"\"\"")]
    public void What_would_break_a_cell_is_quoted(string text, string expected) => Assert.Equal($"name\r\n{expected}\r\n", Table(text));

    [Fact]
    public void Numbers_keep_all_digits_and_a_point()
    {
        Assert.Equal("name\r\n-0.1\r\n", Table(-0.1));
        Assert.Equal("name\r\n0.30000000000000004\r\n", Table(0.1 + 0.2));
        Assert.Equal("name\r\n1234567\r\n", Table(1_234_567));
        Assert.Equal("name\r\ntrue\r\n", Table(true));
        Assert.Equal("name\r\n\r\n", Table(null));
    }

    [Fact]
    public void Another_reader_reads_it_back()
    {
        string[] texts = ["a,b", "say \"hi\"", "two\r\nlines", "通义千问", " spaces "];
        var table = new CsvTable("text", "number");
        foreach (var text in texts)
        {
            table.Add(text, 0.125);
        }

        using var reader = CsvDataReader.Create(new StringReader(table.ToString()), new CsvDataReaderOptions { Culture = CultureInfo.InvariantCulture });
        List<string> read = [];
        while (reader.Read())
        {
            read.Add(reader.GetString(0));
            Assert.Equal(0.125, reader.GetDouble(1));
        }

        Assert.Equal(texts, read);
    }

    private static string Table(object? cell)
    {
        var table = new CsvTable("name");
        table.Add(cell);
        return table.ToString();
    }
}
