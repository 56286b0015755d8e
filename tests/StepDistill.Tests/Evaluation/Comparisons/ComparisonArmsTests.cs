using StepDistill.Batches;
using StepDistill.Evaluation.Comparisons;
using StepDistill.Recipes;

namespace StepDistill.Tests.Evaluation.Comparisons;

public sealed class ComparisonArmsTests
{
    [Fact]
    public void A_control_is_step_by_step_with_spoilt_rationales() => Assert.Equal(
        (Arms.StepByStep, "shuffled-words"),
        Of(ComparisonArms.Of("shuffled-words", new TrainingSection { Arm = Arms.Finetune })));

    [Fact]
    public void An_arm_is_itself() => Assert.Equal(
        (Arms.Distill, "none"), Of(ComparisonArms.Of(Arms.Distill, new TrainingSection())));

    [Fact]
    public void Every_control_can_be_trained() => Assert.All(
        ComparisonArms.All.Where(ComparisonArms.IsControl),
        arm => Assert.NotEqual(["one two", "three"], RationaleControl
            .Apply(arm, [new("a", "in", "yes", ["one two"]), new("b", "in", "yes", ["three"])], seed: 0).Select(lesson => lesson.Rationales[0])));

    [Fact]
    public void The_method_stands_last() => Assert.Equal(Arms.StepByStep, ComparisonArms.All[^1]);

    private static (string, string) Of(TrainingSection training) => (training.Arm, training.RationaleControl);
}
