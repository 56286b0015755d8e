using System.Text.Json.Nodes;
using StepDistill.Evaluation.Comparisons;
using StepDistill.Recipes;
using StepDistill.Tests.Runs;

namespace StepDistill.Tests.Evaluation.Comparisons;

public sealed class ComparisonReportTests
{
    private static readonly ComparisonPlan Two = new([Arms.StepByStep, Arms.Finetune], [1], [0, 1, 2]);

    private static readonly CellOutcome[] Ahead =
    [
        Outcomes.Done(Arms.Finetune, 1, 0, 0.60), Outcomes.Done(Arms.StepByStep, 1, 0, 0.66),
        Outcomes.Done(Arms.Finetune, 1, 1, 0.61), Outcomes.Done(Arms.StepByStep, 1, 1, 0.67),
        Outcomes.Done(Arms.Finetune, 1, 2, 0.59), Outcomes.Done(Arms.StepByStep, 1, 2, 0.66),
    ];

    [Fact]
    public void An_arm_is_the_mean_and_the_spread_of_its_seeds()
    {
        var arm = Make(Two, Ahead).Arms[0];

        Assert.Equal((Arms.Finetune, 1.0, 9000), (arm.Arm, arm.Fraction, arm.TrainingExamples));
        Assert.Equal([0, 1, 2], arm.Seeds);
        Assert.Equal((0.60, 0.59, 0.61), (Math.Round(arm.Accuracy, 12), arm.Lowest, arm.Highest));
        Assert.Equal(0.01, arm.Deviation!.Value, 1e-12);
        Assert.InRange(0.60, arm.Low, arm.High);
        Assert.Equal((0, 0), (arm.Stuck, arm.Failed));
    }

    [Fact]
    public void A_difference_is_the_later_arm_less_the_baseline_paired_by_seed()
    {
        var difference = Assert.Single(Make(Two, Ahead).Differences);

        Assert.Equal((Arms.StepByStep, Arms.Finetune), (difference.Arm, difference.Against));
        Assert.Equal(0.19 / 3, difference.Difference, 1e-12);
        Assert.Equal([0.06, 0.06, 0.07], difference.BySeed.Select(one => Math.Round(one, 12)));
        Assert.True(difference.Decided);
    }

    [Fact]
    public void A_failed_run_is_shown_and_counts_in_no_mean()
    {
        CellOutcome[] outcomes = [Outcomes.Failed(Arms.Finetune, 1, 0, "The disk is full."), .. Ahead[1..]];

        var report = Make(Two, outcomes);

        Assert.Equal("The disk is full.", report.Cells[0].Fault);
        Assert.Null(report.Cells[0].Accuracy);
        Assert.Equal((1, 0.6), (report.Arms[0].Failed, Math.Round(report.Arms[0].Accuracy, 12)));
        Assert.Equal([1, 2], report.Differences.Single().Seeds);
    }

    [Fact]
    public void A_student_at_the_level_of_the_commonest_answer_is_stuck()
    {
        CellOutcome[] outcomes = [Outcomes.Done(Arms.Finetune, 1, 0, 0.345), .. Ahead[1..]];

        var report = Make(Two, outcomes);

        Assert.Equal([true, false, false, false, false, false], report.Cells.Select(cell => cell.Stuck));
        Assert.Equal(1, report.Arms[0].Stuck);
    }

    [Fact]
    public void The_teacher_is_a_row_of_its_own_and_each_arm_is_set_against_it()
    {
        var teacher = new TeacherResult(Outcomes.Report("llm", 0.75), IsSimulated: true, "It errs on purpose.");

        var report = ComparisonReport.Make(Two, Ahead, teacher, Outcomes.Origin);

        Assert.Equal(("llm", true, 750, 1000), (report.Teacher!.Name, report.Teacher.Simulated, report.Teacher.Correct, report.Teacher.Rows));
        Assert.Equal(
            [(Arms.StepByStep, Arms.Finetune), (Arms.Finetune, "teacher"), (Arms.StepByStep, "teacher")],
            report.Differences.Select(one => (one.Arm, one.Against)));
        Assert.Equal(-0.15, report.Differences[1].Difference, 1e-12);
    }

    [Fact]
    public void A_teacher_that_was_asked_about_other_rows_is_not_paired()
    {
        var report = ComparisonReport.Make(
            Two, Ahead, new TeacherResult(Outcomes.Report("llm", 0.75, rows: 900)), Outcomes.Origin);

        Assert.Equal(900, report.Teacher!.Rows);
        Assert.DoesNotContain(report.Differences, one => one.Against == "teacher");
    }

    [Fact]
    public void Runs_on_other_rows_are_refused()
    {
        CellOutcome[] outcomes = [.. Ahead[..5], Outcomes.Done(Arms.StepByStep, 1, 2, 0.66, rows: 999)];

        var fault = Assert.Throws<StepDistillException>(() => Make(Two, outcomes));

        Assert.StartsWith(
            "step-by-step, 100 % of the rows, seed 2 answered other rows (test, 999 rows) than finetune, 100 % of the rows, "
            + "seed 0 (test, 1000 rows)", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Without_any_result_the_faults_are_told()
    {
        CellOutcome[] outcomes = [.. Two.Cells.Select(cell => Outcomes.Failed(cell.Arm, cell.Fraction, cell.Seed))];

        var fault = Assert.Throws<StepDistillException>(() => Make(Two, outcomes));

        Assert.Contains("finetune, 100 % of the rows, seed 0: The loss is not a number.", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Rows_without_gold_labels_cannot_be_compared() =>
        Assert.Throws<StepDistillException>(() => Make(
            new([Arms.Finetune], [1], [0]), [Outcomes.Done(Arms.Finetune, 1, 0, 0, rows: 0)]));

    [Fact]
    public void Json_has_the_names_that_scripts_rely_on()
    {
        var report = JsonNode.Parse(ComparisonReport.Make(
            Two, [Outcomes.Failed(Arms.Finetune, 1, 0), .. Ahead[1..]], new(Outcomes.Report("llm", 0.75)), Outcomes.Origin).ToJson())!;

        var cell = report["cells"]![1]!.AsObject();
        Assert.Superset(
            Names("arm", "fraction", "seed", "variant", "run", "identity", "trained_by", "validation_score", "accuracy", "correct", "rows", "stuck"),
            NamesOf(cell));
        Assert.Equal(("step-by-step", 1.0, 0, 0.66, 660, 1000), (
            (string)cell["arm"]!, (double)cell["fraction"]!, (int)cell["seed"]!, (double)cell["accuracy"]!,
            (int)cell["correct"]!, (int)cell["rows"]!));
        Assert.Equal("The loss is not a number.", (string)report["cells"]![0]!["fault"]!);
        Assert.Superset(
            Names("arm", "variant", "against", "against_variant", "fraction", "difference", "low", "high", "rows_low", "rows_high", "seeds", "by_seed",
                "p_value", "adjusted_p_value", "mcnemar", "detectable", "decided"),
            NamesOf(report["differences"]![0]!));
        Assert.Superset(
            Names("arm", "variant", "fraction", "seeds", "by_seed", "accuracy", "low", "high", "lowest", "highest", "deviation", "stuck", "failed",
                "training_examples", "macro_f1", "unreadable", "confusion", "by_label"),
            NamesOf(report["arms"]![0]!));
        Assert.DoesNotContain("estimate", NamesOf(report["arms"]![0]!));
        Assert.Equal(0.75, (double)report["teacher"]!["accuracy"]!);
        Assert.Equal(64, ((string)report["origin"]!["data"]!["train"]!).Length);
    }

    [Fact]
    public void The_same_results_give_the_same_bytes()
    {
        Assert.Equal(Make(Two, Ahead).ToJson(), Make(Two, Ahead).ToJson());
        Assert.Equal(Make(Two, Ahead).ToMarkdown(), Make(Two, Ahead).ToMarkdown());
    }

    [Fact]
    public void It_is_written_twice_for_programs_and_for_people()
    {
        using var files = new TemporaryFolder();
        var report = Make(Two, Ahead);

        var page = report.Write(files["comparison"]);

        Assert.Equal(report.ToMarkdown(), File.ReadAllText(page));
        Assert.Equal(report.ToJson(), File.ReadAllText(files["comparison/comparison.json"]));
    }

    internal static ComparisonReport Make(ComparisonPlan plan, IReadOnlyList<CellOutcome> outcomes) =>
        ComparisonReport.Make(plan, outcomes, teacher: null, Outcomes.Origin);

    private static HashSet<string> Names(params string[] names) => [.. names];

    private static HashSet<string> NamesOf(JsonNode node) => [.. node.AsObject().Select(pair => pair.Key)];
}
