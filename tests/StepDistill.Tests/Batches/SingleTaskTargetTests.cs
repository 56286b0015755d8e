using CsCheck;
using StepDistill.Batches;
using StepDistill.Students;

namespace StepDistill.Tests.Batches;

public sealed class SingleTaskTargetTests
{
    [Fact]
    public void What_was_put_together_is_parted_again() =>
        Gen.Select(Gen.String, Gen.String[1, 20]).Where((_, label) => label.Trim() == label && label.Length > 0)
            .Sample((rationale, label) => Assert.Equal(
                new Prediction(label, rationale.Trim() is { Length: > 0 } reasons ? reasons : null),
                SingleTaskTarget.Read(SingleTaskTarget.Write(rationale, label))));

    [Theory]
    [InlineData("One so the answer is two. So the answer is three", "three", "One so the answer is two.")]
    [InlineData("So the answer is one. So the answer is two", "two", "So the answer is one.")]
    [InlineData("entailment", "entailment", null)]
    [InlineData("The reasons never end, so", "The reasons never end, so", null)]
    [InlineData("A reason. So the answer is", "", "A reason.")]
    [InlineData("", "", null)]
    public void Odd_outputs_are_read_by_the_same_rule(string text, string label, string? rationale) =>
        Assert.Equal(new Prediction(label, rationale), SingleTaskTarget.Read(text));
}
