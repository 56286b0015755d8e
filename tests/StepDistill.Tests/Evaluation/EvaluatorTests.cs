using StepDistill.Evaluation.Statistics;
using StepDistill.Evaluation;
using StepDistill.Students;
using StepDistill.Tasks;

namespace StepDistill.Tests.Evaluation;

public sealed class EvaluatorTests
{
    [Fact]
    public void Rows_are_counted_as_right_wrong_and_unreadable()
    {
        using var student = new Answers.Student("sparrow", " Crow ", "owl", "eagle", "");

        var report = new Evaluator(Answers.Birds)
            .Score(student, Answers.Rows("sparrow", "crow", "crow", "crow", "owl"));

        Assert.Equal((5, 2, 2, 0), (report.Rows, report.Correct, report.Unreadable, report.Skipped));
        Assert.Equal(0.4, report.Accuracy);
        Assert.Equal(0.6, report.Baseline, 1e-12);       // three of five are crows
        Assert.Equal(ConfidenceInterval.Wilson(2, 5), report.Interval);
        Assert.Equal(
            [
                new ScoredRow("row-0", "sparrow", "sparrow", true, true),
                new ScoredRow("row-1", "crow", " Crow ", true, true),
                new ScoredRow("row-2", "crow", "owl", false, true),
                new ScoredRow("row-3", "crow", "eagle", false, false),
                new ScoredRow("row-4", "owl", "", false, false),
            ],
            report.Predictions);
    }

    [Fact]
    public void Confusion_and_macro_f1_count_unreadable_answers_against_the_gold_label()
    {
        using var student = new Answers.Student("sparrow", "crow", "owl", "eagle", "owl");

        var report = new Evaluator(Answers.Birds)
            .Score(student, Answers.Rows("sparrow", "crow", "crow", "crow", "owl"));

        Assert.Equal([[1, 0, 0, 0], [0, 1, 1, 1], [0, 0, 1, 0]], report.Confusion!);
        // F1: sparrow 1, crow 2·1/(3+1) = 1/2, owl 2·1/(1+2) = 2/3
        Assert.Equal((1 + 0.5 + 2.0 / 3) / 3, report.MacroF1!.Value, 1e-12);
    }

    [Fact]
    public void A_label_that_never_occurs_does_not_count_in_macro_f1()
    {
        using var student = new Answers.Student("sparrow", "crow");

        Assert.Equal(1, new Evaluator(Answers.Birds).Score(student, Answers.Rows("sparrow", "crow")).MacroF1);
    }

    [Fact]
    public void Rows_without_input_or_gold_label_are_skipped()
    {
        using var student = new Answers.Student("owl");
        Example[] rows = [Answers.Row(0, null), Answers.Row(1, "owl"), Answers.Row(2, "owl") with { Input = null }];

        var report = new Evaluator(Answers.Birds).Score(student, rows);

        Assert.Equal((1, 2), (report.Rows, report.Skipped));
        Assert.Equal("row-1", report.Predictions.Single().Id);
    }

    [Fact]
    public void Rows_are_given_in_batches_and_progress_is_told()
    {
        using var student = new Answers.Student("owl", "owl", "owl", "owl", "owl");
        var told = new List<int>();

        new Evaluator(Answers.Birds) { BatchSize = 2 }.Evaluate(
            student, Answers.Rows("owl", "owl", "owl", "owl", "owl"), "s", "test", new Told(told),
            TestContext.Current.CancellationToken);

        Assert.Equal([2, 2, 1], student.BatchSizes);
        Assert.Equal([2, 4, 5], told);
    }

    [Fact]
    public void Rationales_are_written_and_compared_only_when_asked_for()
    {
        var references = new Dictionary<string, string> { ["row-1"] = "because bird 1 looks so" };
        using var student = new Answers.Student("owl", "owl", "owl", "owl");

        var with = new Evaluator(Answers.Birds) { WithRationale = true, ReferenceRationales = references }
            .Score(student, Answers.Rows("owl", "owl"));
        var without = new Evaluator(Answers.Birds) { ReferenceRationales = references }
            .Score(student, Answers.Rows("owl", "owl"));

        Assert.Equal((1.0, 1), (with.RationaleOverlap!.Value, with.RationaleRows));
        Assert.Equal("because bird 0 looks so", with.Predictions[0].Rationale);
        Assert.Null(without.RationaleOverlap);
        Assert.Null(without.Predictions[0].Rationale);
    }

    [Fact]
    public void Each_answer_keeps_the_students_confidence()
    {
        using var student = new Sure();

        var report = new Evaluator(Answers.Birds).Score(student, Answers.Rows("owl", "crow"));

        Assert.Equal([0.75, null], report.Predictions.Select(row => row.Confidence));
    }

    [Fact]
    public void Guessing_among_choices_is_a_baseline_too()
    {
        var task = new TaskSpec { Name = "places", Answer = AnswerKind.Choice };
        Example[] rows = [.. Enumerable.Range(0, 4).Select(n => Answers.Row(n, $"a{n}") with { Choices = [$"a{n}", $"b{n}"] })];
        using var student = new Answers.Student("(a)", "b1", "(b)", "nowhere");

        var report = new Evaluator(task).Score(student, rows);

        Assert.Equal(0.5, report.Baseline);     // each gold label occurs once, but one of two choices is right
        Assert.Equal((1, 1), (report.Correct, report.Unreadable));
        Assert.Null(report.Confusion);
        Assert.Null(report.MacroF1);
    }

    [Fact]
    public void Two_rows_with_one_id_are_refused()
    {
        using var student = new Answers.Student("owl", "owl");

        var fault = Assert.Throws<StepDistillException>(() => new Evaluator(Answers.Birds)
            .Score(student, [Answers.Row(1, "owl"), Answers.Row(1, "crow")]));

        Assert.StartsWith("Two rows have the id 'row-1'", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Equal_rows_have_equal_hashes_and_others_do_not()
    {
        Assert.Equal(Hash(Answers.Rows("owl", "crow")), Hash(Answers.Rows("owl", "crow")));
        Assert.NotEqual(Hash(Answers.Rows("owl", "crow")), Hash(Answers.Rows("owl", "owl")));
        Assert.NotEqual(Hash(Answers.Rows("owl")), Hash([Answers.Row(0, "owl") with { Input = "another bird" }]));

        static string Hash(Example[] rows)
        {
            using var student = new Answers.Student("owl", "owl");
            return new Evaluator(Answers.Birds).Score(student, rows).RowsHash;
        }
    }

    [Fact]
    public void No_rows_are_no_error()
    {
        using var student = new Answers.Student();

        var report = new Evaluator(Answers.Birds).Score(student, []);

        Assert.Equal((0, 0.0, 0.0), (report.Rows, report.Accuracy, report.Baseline));
    }

    private sealed class Told(List<int> values) : IProgress<int>
    {
        public void Report(int value) => values.Add(value);
    }

    private sealed class Sure : IStudent
    {
        public IReadOnlyList<Prediction> Predict(
            IReadOnlyList<string> inputs, bool withRationale = false, CancellationToken cancellation = default) =>
            [new("owl") { Confidence = 0.75 }, new("owl")];

        public void Dispose()
        {
        }
    }
}
