using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using StepDistill.Evaluation;

namespace StepDistill.Cli.Rendering;

/// <summary>Writes what student and teacher get wrong, and slices of rows, for people and for scripts.</summary>
internal static class ErrorListing
{
    /// <summary>Writes the first errors of each kind.</summary>
    /// <param name="rows">The errors, in order.</param>
    /// <param name="most">Rows to write of each kind.</param>
    public static IEnumerable<string> Lines(IReadOnlyList<ErrorRow> rows, int most)
    {
        foreach (var kind in rows.GroupBy(row => row.Kind))
        {
            yield return "";
            yield return string.Create(CultureInfo.InvariantCulture, $"{Title(kind.Key)}: {kind.Count():N0} rows, the student's most confident answers first");
            foreach (var line in kind.Take(most).SelectMany(One))
            {
                yield return line;
            }

            if (kind.Count() > most)
            {
                yield return string.Create(CultureInfo.InvariantCulture, $"  … and {kind.Count() - most:N0} more");
            }
        }
    }

    /// <summary>Writes slices as a table.</summary>
    public static IEnumerable<string> Table(IReadOnlyList<Slice> slices) => TextTable.Lines(
        [slices.Count > 0 ? slices[0].By : "slice", "rows", "student", "95 % interval", "teacher", "difference"],
        slices.Select(slice => new[]
        {
            Shortened(slice.Value, 40),
            slice.Rows.ToString("N0", CultureInfo.InvariantCulture),
            EvaluationReportText.Share(slice.Accuracy),
            $"{EvaluationReportText.Share(slice.Interval.Low)} to {EvaluationReportText.Share(slice.Interval.High)}",
            slice.TeacherAccuracy is { } teacher ? EvaluationReportText.Share(teacher) : "–",
            slice.Difference is { } difference ? (100 * difference).ToString("+0.0;-0.0;0.0", CultureInfo.InvariantCulture) : "–",
        }));

    /// <summary>Writes an error as an object.</summary>
    public static JsonObject Json(ErrorRow row) => new()
    {
        ["id"] = row.Id,
        ["kind"] = NameOf(row.Kind),
        ["input"] = row.Input,
        ["gold"] = row.Gold,
        ["student"] = row.Student,
        ["student_rationale"] = row.StudentRationale,
        ["confidence"] = row.Confidence,
        ["teacher"] = row.Teacher,
        ["teacher_rationale"] = row.TeacherRationale,
    };

    /// <summary>Writes a slice as an object.</summary>
    public static JsonObject Json(Slice slice) => new()
    {
        ["by"] = slice.By,
        ["value"] = slice.Value,
        ["rows"] = slice.Rows,
        ["correct"] = slice.Correct,
        ["accuracy"] = slice.Accuracy,
        ["interval"] = new JsonArray(slice.Interval.Low, slice.Interval.High),
        ["teacher_rows"] = slice.TeacherRows,
        ["teacher_accuracy"] = slice.TeacherAccuracy,
        ["difference"] = slice.Difference,
    };

    private static string NameOf(ErrorKind kind) => JsonNamingPolicy.SnakeCaseLower.ConvertName(kind.ToString());

    private static string Title(ErrorKind kind) => kind switch
    {
        ErrorKind.StudentOnly => "The student is wrong, the teacher right",
        ErrorKind.TeacherOnly => "The teacher is wrong, the student right",
        ErrorKind.Both => "Both are wrong",
        _ => "The student is wrong, the teacher was never asked",
    };

    private static IEnumerable<string> One(ErrorRow row)
    {
        var sure = row.Confidence is { } confidence ? $"  ({EvaluationReportText.Share(confidence)} sure)" : "";
        yield return $"  {row.Id}{sure}";
        yield return $"    input    {Shortened(row.Input, 200)}";
        yield return $"    gold     {Shortened(row.Gold, 80)}";
        yield return $"    student  {Said(row.Student, row.StudentRationale)}";
        if (row.Kind != ErrorKind.NoTeacher)
        {
            yield return $"    teacher  {Said(row.Teacher, row.TeacherRationale)}";
        }
    }

    private static string Said(string? label, string? rationale) =>
        $"{(string.IsNullOrWhiteSpace(label) ? "no label" : Shortened(label, 80))}"
        + (string.IsNullOrWhiteSpace(rationale) ? "" : $": {Shortened(rationale, 200)}");

    private static string Shortened(string text, int length)
    {
        var line = text.ReplaceLineEndings(" ");
        return line.Length <= length ? line : line[..(length - 1)] + "…";
    }
}
