using StepDistill.Tasks;

namespace StepDistill.Teachers.Replies;

/// <summary>Reads the label at the start of the text after an answer marker.</summary>
internal static class LabelReading
{
    private static readonly string[] LeadIns =
    [
        "either", "probably", "most", "likely", "option", "choice", "letter", "label", "answer",
        "the", "a", "an", "is", "in", "on", "at",
    ];

    /// <summary>Reads a label.</summary>
    /// <param name="task">What a label is.</param>
    /// <param name="example">Whose choices count.</param>
    /// <param name="answer">The text after the marker; it may go on after the label.</param>
    /// <param name="cut">Whether the text may end where a limit cut it off.</param>
    /// <param name="after">What follows the label; empty where there is none.</param>
    /// <param name="fault">Why there is no label; otherwise null.</param>
    /// <returns>The label in the task's own writing, or null.</returns>
    public static string? Read(
        TaskSpec task,
        Example example,
        ReadOnlySpan<char> answer,
        bool cut,
        out ReadOnlySpan<char> after,
        out string? fault)
    {
        after = [];
        fault = null;
        if (answer.IsWhiteSpace())
        {
            fault = "nothing follows the answer's announcement";
            return null;
        }

        var label = task.Answer switch
        {
            AnswerKind.Label => OfSet(task.Labels, answer, cut, out after),
            AnswerKind.Choice => OfChoices(example.Choices, answer, out after),
            AnswerKind.Equation => OfEquation(answer, out after, out fault),
            _ => OfText(answer),
        };
        if (label is null)
        {
            after = [];
            fault ??= $"the answer '{Shortened(answer)}' names none of the task's labels";
        }

        return label;
    }

    /// <summary>Reads a line that holds a label and, marks and an equation's unit aside, nothing more.</summary>
    public static string? ReadAlone(TaskSpec task, Example example, ReadOnlySpan<char> line)
    {
        var label = Read(task, example, line, cut: false, out var after, out _);
        if (label is null || task.Answer == AnswerKind.Text)
        {
            return label;
        }

        var rest = after.Trim(" \t\r\n.,:;!?*_`\"'()[]{}”’");
        return rest.IsEmpty
            || (task.Answer == AnswerKind.Choice
                && rest.Equals(label.AsSpan().TrimEnd('.'), StringComparison.OrdinalIgnoreCase))
            || (task.Answer == AnswerKind.Equation && !rest.ContainsAnyInRange('0', '9'))
                ? label
                : null;
    }

    private static string? OfSet(
        IReadOnlyList<string> labels, ReadOnlySpan<char> answer, bool cut, out ReadOnlySpan<char> after)
    {
        int? letter = null;
        for (var rest = Decoration(answer); ; rest = Decoration(rest))
        {
            if (LongestStart(labels, rest, out after) is { } label)
            {
                return label.Trim();
            }

            if (letter is null
                && (Parenthesised(rest, labels.Count, out var tail) ?? Bare(rest, labels.Count, out tail)) is { } index)
            {
                letter = index;
                rest = tail;
            }
            else if (letter is { } named)
            {
                after = rest;
                return labels[named].Trim();
            }
            else if (!TakeLeadIn(ref rest))
            {
                return cut ? CutLabel(labels, rest) : null;
            }
        }
    }

    private static string? OfChoices(
        IReadOnlyList<string> choices, ReadOnlySpan<char> answer, out ReadOnlySpan<char> after)
    {
        for (var rest = Decoration(answer); ; rest = Decoration(rest))
        {
            // The choices were shown with their letters, so the letter decides where the text after it is another.
            if (Parenthesised(rest, choices.Count, out after) is { } index)
            {
                return choices[index].Trim();
            }

            if (LongestStart(choices, rest, out after) is { } choice)
            {
                return choice.Trim();
            }

            if (Bare(rest, choices.Count, out after) is { } bare)
            {
                return choices[bare].Trim();
            }

            if (!TakeLeadIn(ref rest))
            {
                return null;
            }
        }
    }

    private static string? OfEquation(ReadOnlySpan<char> answer, out ReadOnlySpan<char> after, out string? fault)
    {
        for (var rest = Decoration(answer); ; rest = Decoration(rest))
        {
            if (Equation.TryEvaluateStart(rest, out var value, out var length, out fault))
            {
                after = rest[length..];
                if (after.TrimStart() is ['=', .. var other])
                {
                    if (!Equation.TryEvaluateStart(other, out var right, out var rightLength, out fault)
                        || right != value)
                    {
                        fault = $"the sides of '{Shortened(rest)}' are not equal" + (fault is null ? "" : $": {fault}");
                        return null;
                    }

                    after = other[rightLength..];
                }

                if (!EndsEquation(after))
                {
                    fault = $"the answer '{Shortened(rest)}' is more than one equation";
                    return null;
                }

                return WhiteSpace.Collapse(rest[..length].ToString());
            }

            if (!TakeLeadIn(ref rest))
            {
                after = [];
                fault = $"the answer '{Shortened(answer)}' has no value: {fault}";
                return null;
            }
        }
    }

    private static string? OfText(ReadOnlySpan<char> answer)
    {
        var label = WhiteSpace.Collapse(answer.Trim(" \t\r\n*_`").ToString());
        return label.Length > 0 ? label : null;
    }

    /// <summary>Whether what follows an equation lets it stand: an end, a sentence's end, or a unit.</summary>
    private static bool EndsEquation(ReadOnlySpan<char> rest)
    {
        if (rest.Length > 0 && char.IsLetter(rest[0]) && (rest.Length == 1 || !char.IsLetter(rest[1])))
        {
            return false;       // 7x is a variable
        }

        var line = rest.TrimStart(" \t*%$}");
        if (line.IsEmpty || line[0] is '\n' or '\r' or '.' or '!' or ';' or ':' or '?' or '"' or '\'' or '`' or '\\')
        {
            return true;
        }

        if (line[0] is ',' or '(')
        {
            var next = line[1..].TrimStart();
            return next.IsEmpty || char.IsLetter(next[0]);
        }

        return char.IsLetter(line[0]) && !Starts(line, "and") && !Starts(line, "or");
    }

    /// <summary>The longest of the labels that the text starts with, as a whole word.</summary>
    private static string? LongestStart(
        IReadOnlyList<string> labels, ReadOnlySpan<char> rest, out ReadOnlySpan<char> after)
    {
        string? longest = null;
        after = [];
        foreach (var label in labels)
        {
            if (label.AsSpan().Trim() is { IsEmpty: false } text
                && (longest is null || text.Length > longest.Trim().Length)
                && rest.StartsWith(text, StringComparison.OrdinalIgnoreCase)
                && !StartsWord(rest[text.Length..], text[^1]))
            {
                longest = label;
                after = rest[text.Length..];
            }
        }

        return longest;
    }

    /// <summary>The one label that a text cut off at its end begins: at least three of its letters.</summary>
    private static string? CutLabel(IReadOnlyList<string> labels, ReadOnlySpan<char> rest)
    {
        string? only = null;
        foreach (var label in labels)
        {
            if (rest.Length >= 3 && label.AsSpan().StartsWith(rest, StringComparison.OrdinalIgnoreCase))
            {
                if (only is not null)
                {
                    return null;
                }

                only = label;
            }
        }

        return only;
    }

    private static int? Parenthesised(ReadOnlySpan<char> rest, int count, out ReadOnlySpan<char> after)
    {
        after = rest;
        if (rest is ['(', var letter, ')', .. var tail]
            && char.IsAsciiLetter(letter) && char.ToLowerInvariant(letter) - 'a' < count)
        {
            after = tail;
            return char.ToLowerInvariant(letter) - 'a';
        }

        return null;
    }

    /// <summary>A letter without its first parenthesis: <c>d)</c>, <c>d.</c>, <c>D:</c>, or alone.</summary>
    private static int? Bare(ReadOnlySpan<char> rest, int count, out ReadOnlySpan<char> after)
    {
        after = rest.IsEmpty ? rest : rest[1..];
        return rest.Length > 0 && char.IsAsciiLetter(rest[0]) && char.ToLowerInvariant(rest[0]) - 'a' < count
            && (after.IsWhiteSpace() || after[0] is ')' or '.' or ':' or ',' or '*' or '"' or '\'' or '\n' or '\r')
                ? char.ToLowerInvariant(rest[0]) - 'a'
                : null;
    }

    private static bool TakeLeadIn(ref ReadOnlySpan<char> rest)
    {
        foreach (var word in LeadIns)
        {
            if (Starts(rest, word))
            {
                rest = rest[word.Length..];
                return true;
            }
        }

        return false;
    }

    private static bool Starts(ReadOnlySpan<char> rest, string word) =>
        rest.StartsWith(word, StringComparison.OrdinalIgnoreCase) && !StartsWord(rest[word.Length..]);

    private static bool StartsWord(ReadOnlySpan<char> rest, char before = 'a') =>
        !rest.IsEmpty && char.IsLetterOrDigit(rest[0]) && char.IsLetterOrDigit(before);

    private static ReadOnlySpan<char> Decoration(ReadOnlySpan<char> rest) => rest.TrimStart(" \t\n\r*_`\"':“‘\\[");

    private static string Shortened(ReadOnlySpan<char> text)
    {
        text = text.Trim();
        var line = text.IndexOf('\n') is >= 0 and var end ? text[..end] : text;
        return line.Length <= 60 ? line.ToString() : $"{line[..59]}…";
    }
}
