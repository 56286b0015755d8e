using System.Text;
using System.Text.RegularExpressions;

namespace StepDistill.Teachers.Redaction;

/// <summary>What is looked for in a text, and what takes its place.</summary>
/// <param name="Pattern">Finds candidates, in time linear in the text.</param>
/// <param name="Replacement">What takes their place, as it stands.</param>
/// <param name="Length">
/// How much of a candidate counts, in characters from its start, 0 for none; null where every candidate counts whole.
/// </param>
internal sealed record RedactionRule(Regex Pattern, string Replacement, Func<string, int>? Length = null)
{
    /// <summary>Whether a text holds something to redact.</summary>
    public bool Matches(string text) => Next(text, 0) is not null;

    /// <summary>A text without what the rule finds.</summary>
    public string Apply(string text)
    {
        if (Next(text, 0) is not { } first)
        {
            return text;
        }

        var result = new StringBuilder(text.Length);
        var at = 0;
        for ((int Start, int Length)? found = first; found is { } one; found = Next(text, at))
        {
            result.Append(text, at, one.Start - at).Append(Replacement);
            at = one.Start + one.Length;
        }

        return result.Append(text, at, text.Length - at).ToString();
    }

    private (int Start, int Length)? Next(string text, int at)
    {
        while (at <= text.Length && Pattern.Match(text, at) is { Success: true } match)
        {
            if ((Length is null ? match.Length : Length(match.Value)) is > 0 and var length)
            {
                return (match.Index, length);
            }

            at = match.Index + 1;
        }

        return null;
    }
}
