using StepDistill.Annotations;
using StepDistill.Evaluation;
using StepDistill.Tasks;

namespace StepDistill.Tests.Evaluation;

public sealed class TeacherEvaluationTests
{
    [Fact]
    public void An_answer_that_could_not_be_read_is_wrong_and_a_row_not_asked_about_is_skipped()
    {
        var rows = Answers.Rows("owl", "crow", "sparrow", "owl");
        var annotations = new Dictionary<string, Annotation>
        {
            ["row-0"] = Said("row-0", "owl"),
            ["row-1"] = Said("row-1", "owl"),
            ["row-2"] = Said("row-2", null),
            ["row-9"] = Said("row-9", "owl"),
        };

        var report = TeacherEvaluation.Evaluate(Answers.Birds, rows, annotations, "simulated", "test");

        Assert.Equal((3, 1, 1, 1), (report.Rows, report.Correct, report.Unreadable, report.Skipped));
        Assert.Equal("simulated", report.Subject);
        Assert.Null(report.Predictions[2].Label);
    }

    [Fact]
    public void On_the_rows_of_a_student_it_has_their_hash()
    {
        Example[] rows = [.. Answers.Rows("owl", "crow"), Answers.Row(2, null)];
        using var student = new Answers.Student("owl", "owl");
        var annotations = rows.ToDictionary(row => row.Id, row => Said(row.Id, "owl"));

        Assert.Equal(
            new Evaluator(Answers.Birds).Score(student, rows).RowsHash,
            TeacherEvaluation.Evaluate(Answers.Birds, rows, annotations, "t", "test").RowsHash);
    }

    private static Annotation Said(string id, string? label) => new()
    {
        Key = id,
        ExampleId = id,
        Teacher = "simulated",
        Status = label is null ? AnnotationStatus.Unreadable : AnnotationStatus.Ok,
        Reply = label ?? "hm",
        Label = label,
        Fault = label is null ? "It names no label." : null,
    };
}
