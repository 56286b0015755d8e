using System.Text;

namespace StepDistill.Tasks;

/// <summary>A template such as <c>{premise}&lt;/s&gt;{hypothesis}</c>, parted once and filled for every row.</summary>
internal sealed class InputTemplate
{
    private readonly List<(string Text, string? Column)> parts = [];

    /// <summary>Parts a template; a brace that opens no column stands for itself.</summary>
    public InputTemplate(string template)
    {
        var start = 0;
        while (template.IndexOf('{', start) is >= 0 and var open && template.IndexOf('}', open) is >= 0 and var close)
        {
            parts.Add((template[start..open], template[(open + 1)..close]));
            start = close + 1;
        }

        parts.Add((template[start..], null));
    }

    /// <summary>The columns that the template names.</summary>
    public IEnumerable<string> Columns => parts.Where(part => part.Column is not null).Select(part => part.Column!);

    /// <summary>Fills the template; null where the row lacks one of its columns.</summary>
    public string? Write(IReadOnlyDictionary<string, string?> row, IReadOnlyList<string> choices)
    {
        var text = new StringBuilder();
        foreach (var (literal, column) in parts)
        {
            text.Append(literal);
            if (column is null)
            {
                break;
            }

            if (column == "choices" && choices.Count > 0)
            {
                text.Append(Choices.Write(choices));
            }
            else if (row.TryGetValue(column, out var value) && value is not null)
            {
                text.Append(value);
            }
            else
            {
                return null;
            }
        }

        return text.ToString();
    }
}
