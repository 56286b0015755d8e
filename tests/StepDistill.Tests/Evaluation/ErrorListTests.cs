using System.Text.Json.Nodes;
using StepDistill.Evaluation;

namespace StepDistill.Tests.Evaluation;

public sealed class ErrorListTests
{
    [Fact]
    public void Rows_are_told_apart_by_who_is_wrong_and_the_most_confident_come_first()
    {
        var rows = Answers.Rows("owl", "owl", "owl", "owl", "owl", "owl");
        var student = Report(
            ("row-0", "crow", 0.4), ("row-1", "crow", 0.9), ("row-2", "owl", 0.8), ("row-3", "crow", 0.7), ("row-4", "owl", 0.6), ("row-5", "", null));
        var teacher = Report(
            ("row-0", "owl", null), ("row-1", "owl", null), ("row-2", "crow", null), ("row-3", "sparrow", null), ("row-4", "owl", null));

        var errors = ErrorList.Of(rows, student, teacher);

        Assert.Equal(
            [
                ("row-1", ErrorKind.StudentOnly), ("row-0", ErrorKind.StudentOnly), ("row-2", ErrorKind.TeacherOnly),
                ("row-3", ErrorKind.Both), ("row-5", ErrorKind.NoTeacher),
            ],
            errors.Select(row => (row.Id, row.Kind)));
        Assert.Equal(
            new ErrorRow("row-3", ErrorKind.Both, "bird 3", "owl", "crow", "crow's reasons", 0.7, "sparrow", "sparrow's reasons"),
            errors[3]);
    }

    [Fact]
    public void Without_a_teacher_the_students_errors_are_listed_and_rows_without_confidence_come_last()
    {
        var student = Report(("row-0", "crow", null), ("row-1", "owl", 1), ("row-2", "sparrow", 0.1));

        Assert.Equal(
            ["row-2", "row-0"],
            ErrorList.Of(Answers.Rows("owl", "owl", "owl", "owl"), student, teacher: null).Select(row => row.Id));
    }

    [Fact]
    public void The_file_holds_a_line_for_every_row()
    {
        var folder = Directory.CreateTempSubdirectory("errors").FullName;
        try
        {
            var errors = ErrorList.Of(
                Answers.Rows("owl", "owl"), Report(("row-0", "crow", 0.5), ("row-1", "crow", 0.25)), Report(("row-0", "owl", null)));

            var lines = File.ReadAllLines(ErrorList.Write(folder, errors)).Select(line => JsonNode.Parse(line)!).ToList();

            Assert.Equal(["student_only", "no_teacher"], lines.Select(line => line["kind"]!.GetValue<string>()));
            Assert.Equal([0.5, 0.25], lines.Select(line => line["confidence"]!.GetValue<double>()));
            Assert.Equal("owl", lines[0]["teacher"]!.GetValue<string>());
            Assert.Null(lines[1]["teacher"]);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static EvaluationReport Report(params (string Id, string Label, double? Confidence)[] answers) => new()
    {
        Subject = "someone",
        Task = "birds",
        Split = "test",
        RowsHash = "",
        Rows = answers.Length,
        Correct = answers.Count(answer => answer.Label == "owl"),
        Unreadable = 0,
        Skipped = 0,
        Baseline = 0,
        Predictions =
        [
            .. answers.Select(answer => new ScoredRow(
                answer.Id, "owl", answer.Label, answer.Label == "owl", true, answer.Label + "'s reasons", answer.Confidence)),
        ],
    };
}
