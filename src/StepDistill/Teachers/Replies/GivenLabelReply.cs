using StepDistill.Annotations;
using StepDistill.Tasks;

namespace StepDistill.Teachers.Replies;

/// <summary>Reads a reply that was to be nothing but reasons for the gold label, which the prompt gave.</summary>
internal static class GivenLabelReply
{
    private static readonly string[] Headings =
        ["Reasons:", "Reason:", "Reasonings:", "Reasoning:", "Rationale:", "Explanation:"];

    /// <summary>Reads a reply.</summary>
    /// <param name="task">What a label is.</param>
    /// <param name="format">One of <see cref="ReplyReader.Formats"/>.</param>
    /// <param name="example">An example with a gold label that the task allows.</param>
    /// <param name="reply">The untouched reply.</param>
    /// <param name="hitTokenLimit">Whether the provider said that the reply was cut off.</param>
    /// <returns>
    /// The gold label with its reasons; or no label, where there are no reasons, they were cut off, or they end in
    /// another label: then the teacher gave reasons for that one.
    /// </returns>
    public static Reply Read(TaskSpec task, string format, Example example, string reply, bool hitTokenLimit)
    {
        var gold = task.Canonical(example, example.Label!)!;
        var layout = ReplyFormat.All.First(one => one.Name == format) with { Headings = Headings };
        var block = layout.FirstBlock(reply, out var isOpen);
        if (hitTokenLimit && isOpen)
        {
            return new Reply(
                AnnotationStatus.Truncated, null, layout.Rationale(LabelFirstReply.WholeSentences(block)), "The reasons were cut off by the token limit.");
        }

        var reasons = WithoutAnswer(task, example, block, out var other);
        if (other is not null)
        {
            return new Reply(AnnotationStatus.Unreadable, null, layout.Rationale(block),
                $"The reasons are for another label, '{other}', than the '{gold}' that was given.");
        }

        return layout.Rationale(reasons) is { } rationale
            ? new Reply(AnnotationStatus.Ok, gold, rationale, null)
            : new Reply(AnnotationStatus.Unreadable, null, null, "No reasons can be read: the reply holds nothing else.");
    }

    /// <summary>The reasons without the given answer, where it is repeated before or after them.</summary>
    /// <param name="task">What a label is.</param>
    /// <param name="example">Whose gold label was given.</param>
    /// <param name="block">The reply.</param>
    /// <param name="other">A label other than the given one, where the reply ends in one; otherwise null.</param>
    private static ReadOnlySpan<char> WithoutAnswer(TaskSpec task, Example example, ReadOnlySpan<char> block, out string? other)
    {
        other = null;
        var text = block.Trim();
        if (task.Answer == AnswerKind.Text || AnswerMarkers.Find(text) is not [.., var last] markers)
        {
            return text;        // where any text is a label, an answer does not end anywhere
        }

        // A label with more behind it is spoken of, and only one at the end is concluded.
        if (LabelReading.ReadAlone(task, example, text[last.End..]) is { } label)
        {
            other = task.IsCorrect(example, label) ? null : label;
            return text[..last.Start];
        }

        var line = text.IndexOf('\n');
        return markers[0].Start == 0 && line > 0
            && LabelReading.ReadAlone(task, example, text[markers[0].End..Math.Max(line, markers[0].End)]) is not null
                ? text[line..]
                : text;
    }
}
