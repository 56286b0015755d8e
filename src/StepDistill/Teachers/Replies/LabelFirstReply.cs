using StepDistill.Annotations;
using StepDistill.Tasks;

namespace StepDistill.Teachers.Replies;

/// <summary>Reads a reply that was to give its label first and its reasons after it.</summary>
/// <remarks>
/// A teacher that gives its reasons first all the same is read as <see cref="ReplyReader"/> reads: what it said counts, not
/// where.
/// </remarks>
internal static class LabelFirstReply
{
    private static readonly string[] Headings =
        ["Reasons:", "Reason:", "Reasonings:", "Reasoning:", "Rationale:", "Explanation:"];

    /// <summary>What may part a label from reasons on the same line.</summary>
    private static readonly string[] Joins = [",", ";", ":", "–", "—", "- ", "because ", "since ", "as "];

    /// <summary>Reads a reply.</summary>
    /// <param name="task">What a label is.</param>
    /// <param name="format">One of <see cref="ReplyReader.Formats"/>.</param>
    /// <param name="example">Whose choices count.</param>
    /// <param name="reply">The untouched reply.</param>
    /// <param name="hitTokenLimit">Whether the provider said that the reply was cut off.</param>
    public static Reply Read(TaskSpec task, string format, Example example, string reply, bool hitTokenLimit)
    {
        var layout = ReplyFormat.All.First(one => one.Name == format) with { Headings = Headings };
        var block = layout.FirstBlock(reply, out var isOpen);
        if (layout.Stop is null && PlainReply.ReadJson(task, example, block) is { } json)
        {
            return json;
        }

        var answer = AnswerOf(block);
        var line = answer.IndexOf('\n') is >= 0 and var end ? answer[..end] : answer;
        var isCut = hitTokenLimit && isOpen;
        var mayGoOn = isCut && line.Length == answer.Length && task.Answer is AnswerKind.Equation or AnswerKind.Text;
        if (!mayGoOn && LabelOf(task, example, line, out var length) is { } label)
        {
            var reasons = answer[length..].TrimStart(" \t\r\n*,;:–—-.");
            return new Reply(AnnotationStatus.Ok, label, layout.Rationale(isCut ? WholeSentences(reasons) : reasons), null);
        }

        return ReplyReader.Read(task, format, example, reply, hitTokenLimit);
    }

    /// <summary>The reply from where its answer starts: after an announcement at its very start, if there is one.</summary>
    private static ReadOnlySpan<char> AnswerOf(ReadOnlySpan<char> block)
    {
        var text = block.TrimStart("*# \t\r\n");
        if (AnswerMarkers.Find(text) is [{ Start: 0, End: var start }, ..])
        {
            return text[start..];
        }

        return text.StartsWith("A:") ? text["A:".Length..].TrimStart() : text;
    }

    /// <summary>The label that a line is, or starts with before reasons.</summary>
    private static string? LabelOf(TaskSpec task, Example example, ReadOnlySpan<char> line, out int length)
    {
        length = line.Length;
        if (LabelReading.ReadAlone(task, example, line) is { } alone || task.Answer == AnswerKind.Text)
        {
            return LabelReading.ReadAlone(task, example, line);
        }

        if (line.IndexOf(". ") is > 0 and var stop && LabelReading.ReadAlone(task, example, line[..(stop + 1)]) is { } sentence)
        {
            length = stop + 1;
            return sentence;
        }

        // Not for numbers: "12 - 5, since …" is one, but "8, 9 and 10 are …" starts a reckoning.
        if (task.Answer != AnswerKind.Equation
            && LabelReading.Read(task, example, line, cut: false, out var after, out _) is { } label
            && StartsReasons(after))
        {
            length = line.Length - after.Length;
            return label;
        }

        return null;
    }

    private static bool StartsReasons(ReadOnlySpan<char> text)
    {
        var rest = text.TrimStart(" \t*_`\"'.)");
        foreach (var join in Joins)
        {
            if (rest.StartsWith(join, StringComparison.OrdinalIgnoreCase))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>A text that was cut off, up to the end of its last whole sentence.</summary>
    internal static ReadOnlySpan<char> WholeSentences(ReadOnlySpan<char> text)
    {
        for (var at = text.Length - 1; at >= 0; at--)
        {
            if (text[at] is '。' or '！' or '？'
                || (text[at] is '.' or '!' or '?' && (at == text.Length - 1 || char.IsWhiteSpace(text[at + 1]))))
            {
                return text[..(at + 1)];
            }
        }

        return [];
    }
}
