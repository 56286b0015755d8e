using CsCheck;
using StepDistill.Annotations;
using StepDistill.Batches;

namespace StepDistill.Tests.Batches;

public sealed class RationaleLimitTests
{
    [Theory]
    [InlineData("One two. Three four.", 0, "One two. Three four.")]
    [InlineData("One two. Three four.", 4, "One two. Three four.")]
    [InlineData("One two. Three four.", 3, "One two.")]
    [InlineData("One two. Three four.", 2, "One two.")]
    [InlineData("One two. Three four.", 1, "One")]
    [InlineData("Two fruits, e.g. this apple. Next.", 3, "Two fruits, e.g.")]
    [InlineData("Is it? Yes, e.g. this one here.", 6, "Is it?")]
    [InlineData("He said \"Go!\" Then he went away.", 4, "He said \"Go!\"")]
    [InlineData("first line\nsecond line goes on", 4, "first line")]
    [InlineData("7 x 3 is 21 then 21 + 1 is 22", 5, "7 x 3 is 21")]
    [InlineData("  Ends in white space.  \n ", 4, "  Ends in white space.  \n ")]
    [InlineData("", 3, "")]
    public void A_text_is_cut_after_its_last_sentence_that_fits_or_at_the_limit(string text, int words, string left) =>
        Assert.Equal(left, RationaleLimit.Cut(text, words));

    [Fact]
    public void What_is_left_is_a_beginning_within_the_limit_and_never_nothing() =>
        Gen.Select(Gen.String["ab.!? \n\t)\"A"], Gen.Int[0, 12]).Sample((text, words) =>
        {
            var left = RationaleLimit.Cut(text, words);
            Assert.StartsWith(left, text, StringComparison.Ordinal);
            Assert.Equal(string.IsNullOrWhiteSpace(text), string.IsNullOrWhiteSpace(left));
            var count = RationaleWords.Count(text);
            Assert.True(words == 0 || count <= words ? left == text : RationaleWords.Count(left) <= words && left.TrimEnd() == left);
        });
}
