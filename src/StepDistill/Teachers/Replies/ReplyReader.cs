using StepDistill.Annotations;
using StepDistill.Tasks;

namespace StepDistill.Teachers.Replies;

/// <summary>
/// Reads a teacher's raw reply into a label and a rationale. The grammar of every format is in docs/guide/replies.md.
/// </summary>
/// <remarks>
/// Replies are hostile input: nothing in them is executed and reading takes time linear in their length. Safe for use
/// by several threads at once.
/// </remarks>
public static class ReplyReader
{
    /// <summary>
    /// Version of the grammars. Raise it with every change that makes any reply read differently: it is part of the
    /// keys of recorded answers, so a better reader reads them anew and what was read before stays as it is.
    /// </summary>
    public const int Version = 1;

    /// <summary>
    /// The formats: the four of the paper's published answers, and <c>plain</c> for answers of chat models.
    /// </summary>
    public static IReadOnlyList<string> Formats { get; } = [.. ReplyFormat.All.Select(format => format.Name)];

    /// <summary>Reads a reply.</summary>
    /// <param name="task">What a label is.</param>
    /// <param name="format">One of <see cref="Formats"/>.</param>
    /// <param name="example">What was asked; its choices count, its gold label is not looked at.</param>
    /// <param name="reply">The untouched reply.</param>
    /// <param name="hitTokenLimit">
    /// Whether the provider said that the reply was cut off; false where that is not known.
    /// </param>
    /// <returns>A non-blank label that the task allows, or the reason why there is none.</returns>
    /// <exception cref="ArgumentException">There is no such format.</exception>
    public static Reply Read(TaskSpec task, string format, Example example, string reply, bool hitTokenLimit = false)
    {
        var layout = ReplyFormat.All.FirstOrDefault(one => one.Name == format) ?? throw new ArgumentException(
            $"The reply format '{format}' is unknown; it must be {string.Join(", ", Formats)}.", nameof(format));
        if (string.IsNullOrWhiteSpace(reply))
        {
            return NoLabel(layout, reply, isCut: hitTokenLimit, "the reply is blank");
        }

        var block = layout.FirstBlock(reply, out var open);
        var isPlain = layout.Stop is null;
        if (isPlain && PlainReply.ReadJson(task, example, block) is { } fromJson)
        {
            return fromJson;
        }

        var markers = AnswerMarkers.Find(block);
        string? fault = null;
        for (var i = markers.Count - 1; i >= 0; i--)
        {
            var last = i == markers.Count - 1;
            var answer = block[markers[i].End..(last ? block.Length : markers[i + 1].Start)];
            var label = LabelReading.Read(task, example, answer, cut: open && last, out var after, out var reason);
            var mayGoOn = hitTokenLimit && last && after.IsEmpty
                && task.Answer is AnswerKind.Equation or AnswerKind.Text;
            if (label is not null && mayGoOn)
            {
                (label, reason) = (null, $"'{label}' may go on");
            }

            if (label is not null)
            {
                // "Hence the answer is Answer: (c)": the announcement starts with the first of the markers in a row.
                while (i > 0 && block[markers[i - 1].End..markers[i].Start].IsWhiteSpace())
                {
                    i--;
                }

                var rationale = layout.Rationale(block[..markers[i].Start])
                    ?? (isPlain ? layout.Rationale(BelowLabel(after)) : null);
                return new Reply(AnnotationStatus.Ok, label, rationale, null);
            }

            fault ??= reason;
        }

        if (isPlain && !hitTokenLimit)
        {
            var answer = markers.Count > 0 ? block[markers[^1].End..] : [];
            if (PlainReply.ReadWithoutMarker(task, example, layout, block, answer) is { } found)
            {
                return found;
            }
        }

        return NoLabel(
            layout,
            markers.Count > 0 ? block[..markers[^1].Start] : block,
            isCut: hitTokenLimit || (open && !isPlain && IsUnfinished(block)),
            fault ?? "no answer is announced");
    }

    /// <summary>What follows the label's own sentence or line.</summary>
    private static ReadOnlySpan<char> BelowLabel(ReadOnlySpan<char> text)
    {
        var line = text.IndexOf('\n');
        var sentence = text.IndexOf(". ");
        var end = line < 0 || (sentence >= 0 && sentence < line) ? sentence : line;
        return end < 0 ? [] : text[(end + 1)..];
    }

    private static Reply NoLabel(ReplyFormat layout, ReadOnlySpan<char> reasons, bool isCut, string why) => new(
        isCut ? AnnotationStatus.Truncated : AnnotationStatus.Unreadable,
        null,
        layout.Rationale(layout.WithoutCutMarker(reasons)),
        $"{(isCut ? "The reply ends before its label" : "No label can be read")}: {why}.");

    /// <summary>Whether a text does not end as sentences do, so that a limit must have cut it.</summary>
    private static bool IsUnfinished(ReadOnlySpan<char> text) =>
        text.IsEmpty || text[^1] is not ('.' or '!' or '?' or '"' or ')');
}
