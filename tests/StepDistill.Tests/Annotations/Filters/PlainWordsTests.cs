using CsCheck;
using StepDistill.Annotations.Filters;

namespace StepDistill.Tests.Annotations.Filters;

public sealed class PlainWordsTests
{
    [Theory]
    [InlineData("Don't, 3.5 ÄPFEL!", "don|t|3|5|äpfel")]
    [InlineData("我有3个苹果", "我|有|3|个|苹|果")]
    [InlineData(" …—! ", "")]
    public void Words_are_runs_of_letters_and_digits(string text, string words) => Assert.Equal(words, string.Join('|', PlainWords.Of(text)));

    [Fact]
    public void Any_text_has_words_that_read_again_are_the_same() => Gen.String.Sample(text =>
    {
        var words = PlainWords.Of(text);
        return PlainWords.Of(string.Join(' ', words)).SequenceEqual(words) && PlainWords.Contains(words, words);
    });

    [Fact]
    public void A_part_is_a_run_of_words_in_order()
    {
        Assert.True(PlainWords.Contains(["a", "a", "b", "c"], ["a", "b"]));
        Assert.False(PlainWords.Contains(["a", "b", "c"], ["a", "c"]));
        Assert.False(PlainWords.Contains(["a"], ["a", "a"]));
    }
}
