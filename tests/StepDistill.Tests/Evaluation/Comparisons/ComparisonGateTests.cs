using StepDistill.Evaluation.Comparisons;
using StepDistill.Recipes;

namespace StepDistill.Tests.Evaluation.Comparisons;

public sealed class ComparisonGateTests
{
    private static readonly ComparisonReport Ahead = Report(0.70, teacher: 0.705);
    private static readonly ComparisonReport Level = Report(0.60, teacher: 0.75);

    [Theory]
    [InlineData("step-by-step > finetune", true)]
    [InlineData("step-by-step >= finetune", true)]
    [InlineData("student >= finetune at 1", true)]
    [InlineData("finetune >= step-by-step", false)]
    [InlineData("finetune within 25 of step-by-step", true)]
    [InlineData("student within 8 of teacher", true)]
    [InlineData("student within 0.1 of teacher", false)]
    public void A_student_that_is_ahead(string condition, bool met) => Assert.Equal(met, Judge(condition, Ahead).Met);

    [Theory]
    [InlineData("step-by-step > finetune", false)]
    [InlineData("step-by-step >= finetune", false)]     // as far as these rows can tell, it may be worse
    [InlineData("step-by-step within 9 of finetune", true)]
    [InlineData("student within 5 of teacher", false)]
    public void Students_that_are_level(string condition, bool met) => Assert.Equal(met, Judge(condition, Level).Met);

    [Fact]
    public void The_reason_holds_the_numbers()
    {
        var gate = Judge("step-by-step > finetune", Ahead);

        Assert.Equal("step-by-step > finetune", gate.Condition);
        Assert.Contains("step-by-step less finetune is +10.0 points at 100 % of the rows, 95 % interval", gate.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void What_was_not_compared_is_not_met()
    {
        var gate = Judge("step-by-step > distill", Ahead);

        Assert.False(gate.Met);
        Assert.Contains("There is no comparison of step-by-step with distill", gate.Reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("step-by-step beats finetune", "has none of these forms")]
    [InlineData("student within of teacher", "has none of these forms")]
    [InlineData("", "has none of these forms")]
    [InlineData("magic > finetune", "names 'magic', which is no arm")]
    public void Anything_else_is_refused(string condition, string message) => Assert.Contains(
        message, Assert.Throws<StepDistillException>(() => ComparisonGate.Parse(condition)).Message, StringComparison.Ordinal);

    private static ComparedGate Judge(string condition, ComparisonReport report) => ComparisonGate.Parse(condition).Judge(report);

    private static ComparisonReport Report(double stepByStep, double teacher) => ComparisonReport.Make(
        new([Arms.Finetune, Arms.StepByStep], [1], [0, 1, 2]),
        [
            .. from seed in (int[])[0, 1, 2]
               from arm in (string[])[Arms.Finetune, Arms.StepByStep]
               select Outcomes.Done(arm, 1, seed, arm == Arms.StepByStep ? stepByStep : 0.60),
        ],
        new TeacherResult(Outcomes.Report("llm", teacher)),
        Outcomes.Origin);
}
