using System.Globalization;
using System.Text;

namespace StepDistill.Reports.Tables;

/// <summary>A table of comma-separated values (RFC 4180): UTF-8, lines end with CR LF, numbers have a point.</summary>
internal sealed class CsvTable
{
    private static readonly char[] Quoted = ['"', ',', '\r', '\n'];

    private readonly StringBuilder _text = new();

    /// <param name="heads">The columns' names.</param>
    public CsvTable(params string[] heads) => Add(heads);

    /// <summary>Adds a row: texts, numbers, truths; null is an empty cell.</summary>
    public void Add(params object?[] cells) => _text.AppendJoin(',', cells.Select(Cell)).Append("\r\n");

    public override string ToString() => _text.ToString();

    private static string Cell(object? value) => value switch
    {
        null => "",
        string text => Quote(Harmless(text)),
        bool truth => truth ? "true" : "false",
        double number => number.ToString("R", CultureInfo.InvariantCulture),
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        _ => throw new ArgumentException($"A cell holds a {value.GetType().Name}; it must be a text, a number or a truth.", nameof(value)),
    };

    // Spreadsheets take a text that begins like this for a formula, and run it.
    private static string Harmless(string text) =>
        text.Length > 0 && (text[0] is '=' or '+' or '-' or '@' or '\t' or '\r') ? "'" + text : text;

    private static string Quote(string text) =>
        text.IndexOfAny(Quoted) < 0 ? text : $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
}
