using StepDistill.Annotations.Filters;
using StepDistill.Evaluation.Rationales;
using StepDistill.Tasks;

namespace StepDistill.Tests.Evaluation.Rationales;

public sealed class LabelMentionsTests
{
    [Theory]
    [InlineData("So this is Entailment.", "0")]
    [InlineData("It entails nothing, so it is neutral", "2")]       // 'entails' is another word
    [InlineData("This is not entailment at all", "1")]              // the longer label is meant
    [InlineData("not entailment, though others say entailment", "0 1")]
    [InlineData("Nobody knows.", "")]
    public void Labels_are_whole_words_and_the_longest_is_meant(string text, string expected) =>
        Assert.Equal(expected, string.Join(' ', LabelMentions.In(PlainWords.Of(text), ["entailment", "not_entailment", "neutral", "!"]).Order()));

    [Theory]
    [InlineData("He had 84 apples, 84 / 2 = 42.", true)]
    [InlineData("Half of 84: (84.0 / 2)", true)]                    // the equation and not its value
    [InlineData("The answer is 42.", true)]
    [InlineData("42 + 3 is 45", true)]                              // a number at the start of an equation
    [InlineData("There are 1,042 or 142 or 4.2 or x42", false)]
    [InlineData("It is 42,000.", false)]
    [InlineData("(Half of them)", false)]
    [InlineData("", false)]
    public void A_value_may_be_written_as_a_number_or_an_equation(string text, bool expected)
    {
        Assert.True(Equation.TryEvaluate("84 / 2", out var value, out _));
        Assert.Equal(expected, LabelMentions.HasValue(text, value));
    }
}
