using System.Text;

namespace StepDistill.Evaluation.Comparisons;

/// <summary>A table that reads well both as text and as Markdown: columns padded, numbers to the right.</summary>
internal sealed class MarkdownTable
{
    private readonly string[] _heads;
    private readonly bool[] _right;
    private readonly List<string[]> _rows = [];

    /// <param name="heads">The columns' heads; one that ends in <c>:</c> is set to the right.</param>
    public MarkdownTable(params string[] heads)
    {
        _right = [.. heads.Select(head => head.EndsWith(':'))];
        _heads = [.. heads.Select(head => head.TrimEnd(':'))];
    }

    public void Add(params string[] cells) => _rows.Add([.. cells.Select(Escape)]);

    public override string ToString()
    {
        int[] widths =
        [
            .. _heads.Select((head, column) =>
                _rows.Select(row => row[column].Length).Append(head.Length).Append(3).Max()),
        ];
        var text = new StringBuilder();
        Line(_heads);
        Line([
            .. widths.Select((width, column) =>
                _right[column] ? new string('-', width - 1) + ":" : new string('-', width))]);
        _rows.ForEach(Line);
        return text.ToString();

        void Line(string[] cells) => text
            .Append("| ")
            .AppendJoin(" | ", cells.Select((cell, column) =>
                _right[column] ? cell.PadLeft(widths[column]) : cell.PadRight(widths[column])))
            .Append(" |\n");
    }

    /// <summary>Keeps text from a teacher's name or an error from breaking out of its cell or line.</summary>
    public static string Escape(string text) => string.Join(' ', text.Split(
            ['\r', '\n', '\t'], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        .Replace("|", "\\|", StringComparison.Ordinal)
        .Replace("<", "&lt;", StringComparison.Ordinal)
        .Replace("&lt; ", "< ", StringComparison.Ordinal);      // before a space it begins no tag
}
