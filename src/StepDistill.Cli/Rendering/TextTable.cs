using System.Text;

namespace StepDistill.Cli.Rendering;

/// <summary>Sets rows of words in columns of plain text, wide enough for their widest cell.</summary>
internal static class TextTable
{
    /// <summary>Writes a table; numbers stand to the right.</summary>
    /// <param name="header">The columns' names.</param>
    /// <param name="rows">The rows, each with as many cells.</param>
    public static IEnumerable<string> Lines(IReadOnlyList<string> header, IEnumerable<IReadOnlyList<string>> rows)
    {
        IReadOnlyList<string>[] all = [header, .. rows];
        var columns = Enumerable.Range(0, header.Count).ToList();
        var widths = columns.Select(column => all.Max(row => row[column].Length)).ToList();
        var numeric = columns.Select(column => all.Length > 1 && all.Skip(1).All(row => IsNumber(row[column]))).ToList();
        foreach (var row in all)
        {
            var line = new StringBuilder();
            foreach (var column in columns)
            {
                var cell = row[column];
                line.Append(numeric[column] ? cell.PadLeft(widths[column]) : cell.PadRight(widths[column])).Append("  ");
            }

            yield return line.ToString().TrimEnd();
        }
    }

    private static bool IsNumber(string cell) => IsPlainNumber(cell.TrimStart('≥', ' ', '$'));

    private static bool IsPlainNumber(string cell) =>
        cell is "–" or "" || char.IsAsciiDigit(cell[0]) || (cell.Length > 1 && cell[0] is '+' or '-' && char.IsAsciiDigit(cell[1]));
}
