using StepDistill.Evaluation.Comparisons;
using StepDistill.Recipes;

namespace StepDistill.Tests.Evaluation.Comparisons;

public sealed class ComparisonPlanTests
{
    [Fact]
    public void Stopped_half_way_it_is_a_smaller_comparison()
    {
        var plan = new ComparisonPlan([Arms.StepByStep, Arms.Finetune], [1, 0.25], [1, 0]);

        Assert.Equal(
            [
                new(Arms.Finetune, 0.25, 0), new(Arms.StepByStep, 0.25, 0), new(Arms.Finetune, 1, 0), new(Arms.StepByStep, 1, 0),
                new(Arms.Finetune, 0.25, 1), new(Arms.StepByStep, 0.25, 1), new(Arms.Finetune, 1, 1), new(Arms.StepByStep, 1, 1),
            ],
            plan.Cells.ToArray());
    }

    [Fact]
    public void All_faults_are_told_at_once()
    {
        var fault = Assert.Throws<StepDistillException>(
            () => new ComparisonPlan(["magic", Arms.Finetune, Arms.Finetune], [0, 1.5, double.NaN], []));

        Assert.Equal(
            """
            This comparison cannot be made:
              - finetune stands twice among the arms.
              - There are no seeds; name at least one.
              - 'magic' is no arm; there are finetune, distill, single-task, shuffled-words, shuffled-rows, step-by-step.
              - The fraction 0 is not above 0 and at most 1.
              - The fraction 1.5 is not above 0 and at most 1.
              - The fraction NaN is not above 0 and at most 1.
            """,
            fault.Message.ReplaceLineEndings("\n"));
    }

    [Fact]
    public void A_cell_speaks_for_itself() =>
        Assert.Equal("finetune, 12.5 % of the rows, seed 3", new ComparisonCell(Arms.Finetune, 0.125, 3).ToString());
}
