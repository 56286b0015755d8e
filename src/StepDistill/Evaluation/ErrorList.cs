using System.Text.Json;
using StepDistill.Files;
using StepDistill.Runs;
using StepDistill.Tasks;

namespace StepDistill.Evaluation;

/// <summary>The rows that a student or its teacher gets wrong, the student's most confident answers first.</summary>
public static class ErrorList
{
    /// <summary>The name of the file in the folder of an evaluation.</summary>
    public const string FileName = "errors.jsonl";

    /// <summary>Lists the errors, by kind and then by falling confidence; rows without one come last, by id.</summary>
    /// <param name="examples">The rows; those that the student was not asked about do not count.</param>
    /// <param name="student">The student's answers.</param>
    /// <param name="teacher">The teacher's answers; null where it was never asked about any row.</param>
    public static IReadOnlyList<ErrorRow> Of(
        IEnumerable<Example> examples, EvaluationReport student, EvaluationReport? teacher)
    {
        var said = student.Predictions.ToDictionary(row => row.Id);
        var taught = teacher?.Predictions.ToDictionary(row => row.Id) ?? [];
        return
        [
            .. from example in examples
               where said.ContainsKey(example.Id)
               let answer = said[example.Id]
               let lesson = taught.GetValueOrDefault(example.Id)
               where !answer.Correct || lesson is { Correct: false }
               let row = new ErrorRow(
                   example.Id,
                   KindOf(answer, lesson),
                   example.Input!,
                   answer.Gold,
                   answer.Label,
                   answer.Rationale,
                   answer.Confidence,
                   lesson?.Label,
                   lesson?.Rationale)
               orderby row.Kind, row.Confidence ?? -1 descending, row.Id
               select row,
        ];
    }

    /// <summary>Writes every row into <see cref="FileName"/>, whole or not at all.</summary>
    /// <param name="folder">The evaluation's folder; an older file is replaced.</param>
    /// <param name="rows">The rows.</param>
    /// <returns>The file.</returns>
    public static string Write(string folder, IEnumerable<ErrorRow> rows)
    {
        var path = Path.Combine(folder, FileName);
        AtomicFile.Write(path, stream =>
        {
            using var writer = new StreamWriter(stream, leaveOpen: true) { NewLine = "\n" };
            foreach (var row in rows)
            {
                writer.WriteLine(JsonSerializer.Serialize(row, RunJson.Line));
            }
        });
        return path;
    }

    private static ErrorKind KindOf(ScoredRow student, ScoredRow? teacher) => (student.Correct, teacher?.Correct) switch
    {
        (true, _) => ErrorKind.TeacherOnly,
        (false, true) => ErrorKind.StudentOnly,
        (false, false) => ErrorKind.Both,
        (false, null) => ErrorKind.NoTeacher,
    };
}
