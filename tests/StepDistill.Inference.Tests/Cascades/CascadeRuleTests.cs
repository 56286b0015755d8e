using StepDistill.Inference.Cascades;

namespace StepDistill.Inference.Tests.Cascades;

public sealed class CascadeRuleTests
{
    [Theory]
    [InlineData(0.8, 0.0, 0.8, null, CascadeVerdict.Student)]
    [InlineData(0.8, 0.0, 0.79999, 1.0, CascadeVerdict.Unsure)]
    [InlineData(0.8, 0.0, double.NaN, 1.0, CascadeVerdict.Unsure)]
    [InlineData(0.8, 0.01, 0.9, 0.01, CascadeVerdict.Student)]
    [InlineData(0.8, 0.01, 0.9, 0.009, CascadeVerdict.Unfamiliar)]
    [InlineData(0.8, 0.01, 0.9, null, CascadeVerdict.Unfamiliar)]
    [InlineData(0.0, 0.0, 0.0, 0.0, CascadeVerdict.Student)]
    [InlineData(CascadeRule.Never, 0.0, 1.0, 1.0, CascadeVerdict.Unsure)]
    public void The_student_answers_where_it_is_sure_and_knows_the_like(
        double threshold, double floor, double confidence, double? familiarity, CascadeVerdict expected) =>
        Assert.Equal(expected, new CascadeRule(threshold, floor).Judge(new StudentAnswer { Label = "a", Confidence = confidence, Familiarity = familiarity }));

    [Fact]
    public void A_strange_input_is_left_to_the_large_model_more_often()
    {
        // Familiarity of the task's own inputs is evenly spread; that of others is low, however sure the student is.
        var chance = new Random(1);
        var rule = new CascadeRule(0.7, 0.05);
        int Left(Func<double> familiarity) => Enumerable.Range(0, 1000).Count(_ => rule.Judge(0.9, familiarity()) != CascadeVerdict.Student);

        Assert.InRange(Left(chance.NextDouble), 30, 70);
        Assert.InRange(Left(() => chance.NextDouble() * 0.06), 700, 1000);
    }
}
