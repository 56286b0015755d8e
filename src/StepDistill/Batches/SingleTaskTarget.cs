using StepDistill.Students;

namespace StepDistill.Batches;

/// <summary>The target of the single-task arm, rationale and label in one text, and the way back.</summary>
/// <remarks>
/// The paper (section 4, "multi-task training") trains f(x) → [r̂, ŷ], the two put together; its program has no such arm.
/// The words between them are those of the paper's own prompts, without the full stop, which could belong to the label.
/// </remarks>
public static class SingleTaskTarget
{
    /// <summary>The words between rationale and label.</summary>
    internal const string Marker = "So the answer is ";

    /// <summary>Puts rationale and label together: <c>RATIONALE So the answer is LABEL</c>.</summary>
    /// <param name="rationale">The rationale; without one the text starts with the marker.</param>
    /// <param name="label">The label.</param>
    public static string Write(string? rationale, string label) =>
        string.IsNullOrWhiteSpace(rationale) ? Marker + label : $"{rationale.Trim()} {Marker}{label}";

    /// <summary>Parts a generated text at its last <c>So the answer is</c>.</summary>
    /// <param name="text">What a student wrote.</param>
    /// <returns>Label and rationale; a text without the marker is all label, so a bare label still counts.</returns>
    public static Prediction Read(string text)
    {
        // A decoder may drop the blank at the end of a text whose label is empty.
        var start = text.LastIndexOf(Marker.TrimEnd(), StringComparison.Ordinal);
        return start < 0
            ? new Prediction(text.Trim())
            : new Prediction(text[(start + Marker.Length - 1)..].Trim(), text[..start].Trim() is { Length: > 0 } reasons ? reasons : null);
    }
}
