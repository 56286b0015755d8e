namespace StepDistill.Reports.Pages;

/// <summary>One cell of a table.</summary>
/// <param name="Text">What stands in it; it is encoded when written.</param>
/// <param name="Class">A class of the style sheet, or null.</param>
internal readonly record struct HtmlCell(string Text, string? Class = null)
{
    public static implicit operator HtmlCell(string text) => new(text);
}

/// <summary>A table: heads that end in <c>:</c> set their columns to the right.</summary>
internal sealed class HtmlTable(params string[] heads)
{
    private readonly List<HtmlCell[]> _rows = [];

    /// <summary>The heads without their colons, and whether each column is set to the right.</summary>
    public IReadOnlyList<(string Text, bool Right)> Heads { get; } =
        [.. heads.Select(head => (head.TrimEnd(':'), head.EndsWith(':')))];

    /// <summary>The rows so far.</summary>
    public IReadOnlyList<HtmlCell[]> Rows => _rows;

    /// <summary>Adds a row with a cell for each head.</summary>
    public void Add(params HtmlCell[] cells) => _rows.Add(cells);
}
