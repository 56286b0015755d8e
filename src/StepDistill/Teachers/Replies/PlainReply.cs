using System.Text.Json;
using StepDistill.Annotations;
using StepDistill.Tasks;

namespace StepDistill.Teachers.Replies;

/// <summary>
/// What the format <c>plain</c> knows beyond announced answers: JSON, a label on a line of its own, a conclusion.
/// </summary>
internal static class PlainReply
{
    private static readonly string[] LabelKeys = ["label", "answer", "final_answer"];
    private static readonly string[] RationaleKeys = ["rationale", "reasoning", "explanation", "reason"];
    private static readonly string[] Negations = ["not", "no", "neither", "nor", "cannot", "never"];

    /// <summary>Reads a reply that is, or fences, one JSON object with a label; null where it does not.</summary>
    public static Reply? ReadJson(TaskSpec task, Example example, ReadOnlySpan<char> text)
    {
        var start = text.IndexOf('{');
        var end = text.LastIndexOf('}');
        if (start < 0 || end < start
            || !(text[..start].IsWhiteSpace() || text[..start].Contains("```", StringComparison.Ordinal)))
        {
            return null;
        }

        try
        {
            using var document = JsonDocument.Parse(text[start..(end + 1)].ToString());
            if (Value(document.RootElement, LabelKeys) is { } answer
                && LabelReading.Read(task, example, answer, cut: false, out _, out _) is { } label)
            {
                var rationale = Value(document.RootElement, RationaleKeys)?.Trim();
                return new Reply(AnnotationStatus.Ok, label, rationale is { Length: > 0 } ? rationale : null, null);
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or ArgumentException)
        {
            // Not JSON, or half a surrogate pair in it: an answer may still be announced in the text.
        }

        return null;
    }

    /// <summary>Reads a reply that announces no answer, or announces one in a whole sentence.</summary>
    /// <param name="task">What a label is.</param>
    /// <param name="example">Whose choices count.</param>
    /// <param name="layout">The format <c>plain</c>.</param>
    /// <param name="text">The whole reply.</param>
    /// <param name="announced">What follows the last announcement; empty where there is none.</param>
    public static Reply? ReadWithoutMarker(
        TaskSpec task, Example example, ReplyFormat layout, ReadOnlySpan<char> text, ReadOnlySpan<char> announced)
    {
        var body = text.Trim();
        var cut = body.LastIndexOf('\n');
        var lastLine = body[(cut + 1)..];
        if (LabelReading.ReadAlone(task, example, lastLine) is { } last)
        {
            return new Reply(AnnotationStatus.Ok, last, layout.Rationale(body[..(cut + 1)]), null);
        }

        // Letters and words open a reply, numbers close it: "(b) pond. Fish live …", but "10 + 5 = 15. So she has 15."
        var conclusion = LastSentence(announced.IsWhiteSpace() ? lastLine : FirstOf(announced));
        return task.Answer == AnswerKind.Equation
            ? Conclusion(task, example, layout, text, conclusion) ?? FirstLine(task, example, layout, body)
            : FirstLine(task, example, layout, body) ?? Conclusion(task, example, layout, text, conclusion);
    }

    private static Reply? Conclusion(
        TaskSpec task, Example example, ReplyFormat layout, ReadOnlySpan<char> text, ReadOnlySpan<char> sentence)
    {
        var label = task.Answer switch
        {
            AnswerKind.Equation => OnlyNumber(task, example, sentence),
            AnswerKind.Label => OnlyLabel(task.Labels, sentence),
            _ => null,
        };
        return label is null ? null : new Reply(AnnotationStatus.Ok, label, layout.Rationale(text), null);
    }

    private static Reply? FirstLine(TaskSpec task, Example example, ReplyFormat layout, ReadOnlySpan<char> body)
    {
        var line = FirstOf(body);
        var sentence = task.Answer != AnswerKind.Equation && line.IndexOf(". ") is > 0 and var stop
            ? line[..(stop + 1)]
            : line;
        return LabelReading.ReadAlone(task, example, sentence) is { } first
            ? new Reply(AnnotationStatus.Ok, first, layout.Rationale(body[sentence.Length..]), null)
            : null;
    }

    private static ReadOnlySpan<char> FirstOf(ReadOnlySpan<char> text)
    {
        text = text.TrimStart();
        return text.IndexOf('\n') is >= 0 and var end ? text[..end] : text;
    }

    private static ReadOnlySpan<char> LastSentence(ReadOnlySpan<char> line)
    {
        line = line.TrimEnd(" \t\r\n.!*");
        return line.LastIndexOf(". ") is >= 0 and var stop ? line[(stop + 2)..] : line;
    }

    /// <summary>The value of a sentence: what follows its last equals sign, or its only number.</summary>
    private static string? OnlyNumber(TaskSpec task, Example example, ReadOnlySpan<char> sentence)
    {
        if (sentence.LastIndexOf('=') is >= 0 and var equals)
        {
            return LabelReading.ReadAlone(task, example, sentence[(equals + 1)..]);
        }

        if (sentence.IndexOfAnyInRange('0', '9') is not (>= 0 and var start))
        {
            return null;
        }

        var end = start;
        while (end < sentence.Length && (char.IsAsciiDigit(sentence[end]) || sentence[end] is '.' or ','))
        {
            end++;
        }

        var number = sentence[start..end].TrimEnd(".,");
        var negative = start > 0 && sentence[start - 1] is '-' or '−';
        return !sentence[end..].ContainsAnyInRange('0', '9') && !(end < sentence.Length && sentence[end] is '/' or ':')
            && Equation.TryEvaluate(number, out _, out _)
                ? (negative ? "-" : "") + number.ToString()
                : null;
    }

    /// <summary>The only label that a sentence names, where it denies nothing.</summary>
    private static string? OnlyLabel(IReadOnlyList<string> labels, ReadOnlySpan<char> sentence)
    {
        string? only = null;
        foreach (var label in labels)
        {
            if (Names(sentence, label.Trim()))
            {
                if (only is not null)
                {
                    return null;
                }

                only = label.Trim();
            }
        }

        foreach (var negation in Negations)
        {
            if (Names(sentence, negation))
            {
                return null;
            }
        }

        return sentence.Contains("n't", StringComparison.OrdinalIgnoreCase) ? null : only;
    }

    private static bool Names(ReadOnlySpan<char> sentence, string word)
    {
        for (var end = 0; sentence[end..].IndexOf(word, StringComparison.OrdinalIgnoreCase) is >= 0 and var found;)
        {
            var start = end + found;
            end = start + word.Length;
            if ((start == 0 || !char.IsLetterOrDigit(sentence[start - 1]))
                && (end == sentence.Length || !char.IsLetterOrDigit(sentence[end])))
            {
                return true;
            }
        }

        return false;
    }

    private static string? Value(JsonElement root, string[] keys)
    {
        if (root.ValueKind != JsonValueKind.Object)
        {
            return null;
        }

        foreach (var property in root.EnumerateObject())
        {
            if (keys.Contains(property.Name, StringComparer.OrdinalIgnoreCase)
                && property.Value.ValueKind is JsonValueKind.String or JsonValueKind.Number)
            {
                return property.Value.ToString();
            }
        }

        return null;
    }
}
