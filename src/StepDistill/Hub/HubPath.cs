using System.Globalization;

namespace StepDistill.Hub;

/// <summary>Judges paths that others wrote, such as <c>onnx/encoder.onnx</c>, before anything is read or written by them.</summary>
internal static class HubPath
{
    private const int MaxLength = 1000;
    private const int MaxSegment = 200;
    private const int MaxDepth = 8;

    /// <summary>Names that Windows keeps for devices, with any ending.</summary>
    private static readonly HashSet<string> Devices = new(
        ["CON", "PRN", "AUX", "NUL", .. Enumerable.Range(0, 10).SelectMany(i => (string[])[$"COM{i}", $"LPT{i}"])],
        StringComparer.OrdinalIgnoreCase);

    /// <summary>Whether a path stays inside of the folder that it is put after, on every system.</summary>
    public static bool IsInside(string path) =>
        path.Length is > 0 and <= MaxLength
        && !path.Any(c => char.IsControl(c) || c == '\\')
        && path.Split('/') is { } segments
        && !segments.Any(segment => segment is "" or "." or "..")
        && !(segments[0] is [_, ':', ..] && char.IsAsciiLetter(segments[0][0]));

    /// <summary>Whether every system can have a file of this path, and people see what it is called.</summary>
    public static bool IsPlain(string path) =>
        IsInside(path) && path.Split('/') is { Length: <= MaxDepth } segments && segments.All(IsPlainSegment);

    private static bool IsPlainSegment(string segment) =>
        segment.Length <= MaxSegment
        && segment[0] is not (' ' or '.' or '-') && segment[^1] is not (' ' or '.')
        && !segment.Any(c => c is ':' or '*' or '?' or '"' or '<' or '>' or '|' or '\uFFFD'
            || char.GetUnicodeCategory(c) is UnicodeCategory.Format or UnicodeCategory.PrivateUse or UnicodeCategory.Surrogate
                or UnicodeCategory.OtherNotAssigned or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator)
        && !Devices.Contains(segment.Split('.')[0].TrimEnd());
}
