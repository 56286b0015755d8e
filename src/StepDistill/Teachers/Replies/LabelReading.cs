using StepDistill.Tasks;

namespace StepDistill.Teachers.Replies;

/// <summary>Reads the label at the start of the text after an answer marker.</summary>
internal static class LabelReading
{
    private static readonly string[] LeadIns =
        ["either", "probably", "most", "likely", "option", "choice", "letter", "label", "answer", "the", "a", "an", "is"];

    /// <summary>Reads a label.</summary>
    /// <param name="task">What a label is.</param>
    /// <param name="example">Whose choices count.</param>
    /// <param name="answer">The text after the marker; it may go on after the label.</param>
    /// <param name="cut">Whether the text may end where a limit cut it off.</param>
    /// <param name="fault">Why there is no label; otherwise null.</param>
    /// <returns>The label in the task's own writing, or null.</returns>
    public static string? Read(TaskSpec task, Example example, ReadOnlySpan<char> answer, bool cut, out string? fault)
    {
        fault = null;
        if (answer.IsWhiteSpace())
        {
            fault = "nothing follows the answer's announcement";
            return null;
        }

        var label = task.Answer switch
        {
            AnswerKind.Label => OfSet(task.Labels, answer, cut),
            AnswerKind.Choice => OfChoices(example.Choices, answer),
            AnswerKind.Equation => OfEquation(answer, out fault),
            _ => Text(answer),
        };
        if (label is null)
        {
            fault ??= $"the answer '{Shortened(answer)}' names none of the task's labels";
        }

        return label;
    }

    private static string? OfSet(IReadOnlyList<string> labels, ReadOnlySpan<char> answer, bool cut)
    {
        var letter = -1;
        for (var rest = Decoration(answer); ; rest = Decoration(rest))
        {
            if (LongestStart(labels, rest) is { } label)
            {
                return label;
            }

            if (Parenthesised(rest, labels.Count, out var after) is { } index)
            {
                letter = letter < 0 ? index : letter;
                rest = after;
            }
            else if (!TakeLeadIn(ref rest))
            {
                var found = cut ? CutLabel(labels, rest) : null;
                return found ?? (letter >= 0 && !StartsWord(rest) ? labels[letter] : null);
            }
        }
    }

    private static string? OfChoices(IReadOnlyList<string> choices, ReadOnlySpan<char> answer)
    {
        for (var rest = Decoration(answer); ; rest = Decoration(rest))
        {
            if (Parenthesised(rest, choices.Count, out _) is { } index)
            {
                return choices[index].Trim();
            }

            if (LongestStart(choices, rest) is { } choice)
            {
                return choice.Trim();
            }

            if (Bare(rest, choices.Count) is { } bare)
            {
                return choices[bare].Trim();
            }

            if (!TakeLeadIn(ref rest))
            {
                return null;
            }
        }
    }

    private static string? OfEquation(ReadOnlySpan<char> answer, out string? fault)
    {
        fault = null;
        for (var rest = Decoration(answer); ; rest = Decoration(rest))
        {
            if (Equation.TryEvaluateStart(rest, out var value, out var length, out fault))
            {
                var after = rest[length..];
                if (after.TrimStart() is ['=', .. var other])
                {
                    if (!Equation.TryEvaluateStart(other, out var right, out var rightLength, out fault) || right != value)
                    {
                        fault ??= $"the two sides of '{Shortened(rest)}' differ";
                        return null;
                    }

                    after = other[rightLength..];
                }

                if (!EndsEquation(after))
                {
                    fault = $"the answer '{Shortened(rest)}' is more than one equation";
                    return null;
                }

                return Text(rest[..length]);
            }

            if (!TakeLeadIn(ref rest))
            {
                fault = $"the answer '{Shortened(answer)}' has no value: {fault}";
                return null;
            }
        }
    }

    /// <summary>Whether what follows an equation lets it stand: an end, a sentence's end, or a unit.</summary>
    private static bool EndsEquation(ReadOnlySpan<char> rest)
    {
        if (rest.Length > 0 && char.IsLetter(rest[0]) && (rest.Length == 1 || !char.IsLetter(rest[1])))
        {
            return false;       // 7x is a variable
        }

        var line = rest.TrimStart(" \t*%");
        if (line.IsEmpty || line[0] is '\n' or '\r' or '.' or '!' or ';' or ':' or '?' or '"' or '\'' or '`')
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
    private static string? LongestStart(IReadOnlyList<string> labels, ReadOnlySpan<char> rest)
    {
        string? longest = null;
        foreach (var label in labels)
        {
            if (label.AsSpan().Trim() is { IsEmpty: false } text && (longest is null || text.Length > longest.Trim().Length)
                && rest.StartsWith(text, StringComparison.OrdinalIgnoreCase) && !StartsWord(rest[text.Length..], text[^1]))
            {
                longest = label;
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
        if (rest is ['(', var letter, ')', .. var tail] && char.IsAsciiLetter(letter) && char.ToLowerInvariant(letter) - 'a' < count)
        {
            after = tail;
            return char.ToLowerInvariant(letter) - 'a';
        }

        return null;
    }

    /// <summary>A letter without its first parenthesis: <c>d)</c>, <c>d.</c>, <c>D:</c>, or alone.</summary>
    private static int? Bare(ReadOnlySpan<char> rest, int count) =>
        rest.Length > 0 && char.IsAsciiLetter(rest[0]) && char.ToLowerInvariant(rest[0]) - 'a' < count
        && (rest.Length == 1 || rest[1] is ')' or '.' or ':' or ',' or '*' or '\n' or '\r' || rest[1..].IsWhiteSpace())
            ? char.ToLowerInvariant(rest[0]) - 'a'
            : null;

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

    private static ReadOnlySpan<char> Decoration(ReadOnlySpan<char> rest) => rest.TrimStart(" \t\n\r*_`\"':“‘");

    private static string? Text(ReadOnlySpan<char> text)
    {
        var label = WhiteSpace.Collapse(text.ToString());
        return label.Length > 0 ? label : null;
    }

    private static string Shortened(ReadOnlySpan<char> text)
    {
        text = text.Trim();
        var line = text.IndexOf('\n') is >= 0 and var end ? text[..end] : text;
        return line.Length <= 60 ? line.ToString() : $"{line[..59]}…";
    }
}
