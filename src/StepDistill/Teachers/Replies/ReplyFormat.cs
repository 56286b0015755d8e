namespace StepDistill.Teachers.Replies;

/// <summary>How replies of one kind are laid out.</summary>
/// <param name="Name">What recipes call it.</param>
/// <param name="Stop">
/// What starts a further example that the teacher made up after its answer; null where none is made up.
/// </param>
/// <param name="Headings">Words with a colon that may open the rationale and are no part of it.</param>
internal sealed record ReplyFormat(string Name, string? Stop, IReadOnlyList<string> Headings)
{
    public static IReadOnlyList<ReplyFormat> All { get; } =
    [
        new("cqa-cot", "Q:", ["A:"]),
        new("svamp-cot", "Q:", ["A:"]),
        new("anli-cot", "Premise:", ["Answer:"]),
        new("esnli-cot", "Premise:", ["Reasonings:"]),
        new("plain", null, ["Rationale:", "Reasoning:", "Explanation:"]),
    ];

    /// <summary>The format of chat models' own answers.</summary>
    public static ReplyFormat Plain { get; } = All.Single(format => format.Stop is null);

    /// <summary>
    /// Cuts a reply to its first block: what stands before a line that starts with the stop marker; in <c>plain</c>,
    /// what stands after a model's thoughts in <c>&lt;think&gt;</c>.
    /// </summary>
    /// <param name="reply">The whole reply.</param>
    /// <param name="open">Whether the block is the reply's last and so may have been cut off anywhere.</param>
    public ReadOnlySpan<char> FirstBlock(ReadOnlySpan<char> reply, out bool open)
    {
        open = true;
        if (Stop is null)
        {
            const string End = "</think>";
            return !reply.TrimStart().StartsWith("<think>", StringComparison.OrdinalIgnoreCase) ? reply
                : reply.IndexOf(End, StringComparison.OrdinalIgnoreCase) is >= 0 and var thought
                    ? reply[(thought + End.Length)..]
                    : [];
        }

        // The prompt ends right before the block, so a marker on the very first line is no continuation.
        for (var at = 0; reply[at..].IndexOf('\n') is >= 0 and var found; at += found + 1)
        {
            var line = reply[(at + found + 1)..];
            if (line.StartsWith(Stop, StringComparison.Ordinal))
            {
                open = false;
                return reply[..(at + found)];
            }

            // The marker itself may be cut by the token limit: "\n\nPre" at the very end, after an empty line.
            if (line.Length > 0 && line.Length < Stop.Length && Stop.AsSpan().StartsWith(line, StringComparison.Ordinal)
                && reply[..(at + found)].EndsWith("\n", StringComparison.Ordinal))
            {
                open = false;
                return reply[..(at + found)];
            }
        }

        return reply;
    }

    /// <summary>Drops a cut "Answer" that stands on a last line of its own.</summary>
    public ReadOnlySpan<char> WithoutCutMarker(ReadOnlySpan<char> text)
    {
        var line = text[(text.LastIndexOf('\n') + 1)..];
        var isCut = line.Length > 0 && "Answer".AsSpan().StartsWith(line, StringComparison.Ordinal);
        return isCut && Stop is not null ? text[..^line.Length] : text;
    }

    /// <summary>
    /// A rationale without white space and marks around it and without a heading; null where nothing is left.
    /// </summary>
    public string? Rationale(ReadOnlySpan<char> text)
    {
        var rationale = text.Trim();
        foreach (var heading in Headings)
        {
            var start = rationale.TrimStart("*# .");
            if (start.StartsWith(heading.AsSpan(0, heading.Length - 1), StringComparison.OrdinalIgnoreCase)
                && start[(heading.Length - 1)..].TrimStart('*') is [':', .. var rest])
            {
                rationale = rest.TrimStart("* \t\r\n");
            }
        }

        return HasSubstance(rationale) ? rationale.ToString() : null;
    }

    private static bool HasSubstance(ReadOnlySpan<char> text)
    {
        foreach (var c in text)
        {
            if (char.IsLetterOrDigit(c))
            {
                return true;
            }
        }

        return false;
    }
}
