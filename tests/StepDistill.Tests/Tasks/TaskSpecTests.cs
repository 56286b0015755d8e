using StepDistill.Recipes;
using StepDistill.Tasks;

namespace StepDistill.Tests.Tasks;

public sealed class TaskSpecTests
{
    private static readonly TaskSpec Nli = TaskSpec.From(new TaskSection { Name = "nli" });
    private static readonly TaskSpec Cqa = TaskSpec.From(new TaskSection { Name = "cqa" });
    private static readonly TaskSpec Svamp = TaskSpec.From(new TaskSection { Name = "svamp" });

    [Theory]
    [InlineData("neutral", true)]
    [InlineData(" Neutral\n", true)]
    [InlineData("entailment", false)]
    [InlineData("neutra", false)]
    [InlineData("", false)]
    public void A_label_of_a_set_is_right_whatever_its_case_and_outer_blanks(string label, bool right) =>
        Assert.Equal(right, Nli.IsCorrect(Example("neutral"), label));

    [Theory]
    [InlineData("oak tree", true)]
    [InlineData("Oak  Tree", true)]
    [InlineData("b", true)]
    [InlineData("(B)", true)]
    [InlineData("b)", true)]
    [InlineData("bus", false)]
    [InlineData("a", false)]
    [InlineData("z", false)]
    public void A_choice_is_right_by_its_text_or_letter(string label, bool right) =>
        Assert.Equal(right, Cqa.IsCorrect(Example("oak tree", "bus", "oak tree"), label));

    [Fact]
    public void A_choice_that_is_a_letter_is_taken_by_its_text() =>
        Assert.Equal("a", Cqa.Canonical(Example(null, "b", "a"), "A"));

    [Theory]
    [InlineData("42", true)]
    [InlineData("84/2", true)]
    [InlineData("( 42.0 )", true)]
    [InlineData("42.000001", false)]
    [InlineData("forty-two", false)]
    public void An_equation_is_right_by_its_exact_value(string label, bool right) =>
        Assert.Equal(right, Svamp.IsCorrect(Example("( 84.0 / 2.0 )"), label));

    [Theory]
    [InlineData("a  b\n", true)]
    [InlineData("A b", false)]
    public void Text_is_right_when_equal_after_collapsing_white_space(string label, bool right) =>
        Assert.Equal(right, TaskSpec.From(new TaskSection { Name = "own", Answer = "text" }).IsCorrect(Example(" a b"), label));

    [Fact]
    public void Nothing_is_right_without_a_gold_label() => Assert.False(Nli.IsCorrect(Example(null), "neutral"));

    [Fact]
    public void What_the_section_says_overrides_the_preset()
    {
        var spec = TaskSpec.From(new TaskSection
        {
            Name = "nli", Labels = ["yes", "no"], Input = "{a}: {b}", LabelColumn = "gold",
        });
        Assert.Equal(("{a}: {b}", "gold", AnswerKind.Label), (spec.InputTemplate, spec.LabelColumn, spec.Answer));
        Assert.Equal(["yes", "no"], spec.Labels);
    }

    [Fact]
    public void A_task_of_ones_own_needs_only_its_labels()
    {
        var spec = TaskSpec.From(new TaskSection { Name = "tone", Labels = ["glad", "sad"] });
        Assert.Equal((AnswerKind.Label, null, "plain"), (spec.Answer, spec.InputTemplate, spec.ReplyFormat));
        Assert.Equal("glad", spec.Canonical(Example(null), "GLAD "));
    }

    private static Example Example(string? label, params string[] choices) =>
        new() { Id = "1", Input = "?", Label = label, Choices = choices };
}
