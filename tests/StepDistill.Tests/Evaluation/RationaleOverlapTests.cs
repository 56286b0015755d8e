using CsCheck;
using StepDistill.Evaluation;

namespace StepDistill.Tests.Evaluation;

public sealed class RationaleOverlapTests
{
    // Lin 2004, section 3.1: against "police killed the gunman", "police kill the gunman" shares three words in order,
    // "the gunman kill police" two.
    [Theory]
    [InlineData("police kill the gunman", "police killed the gunman", 0.75)]
    [InlineData("the gunman kill police", "police killed the gunman", 0.5)]
    [InlineData("Police, killed: the GUNMAN!", "police killed the gunman", 1)]
    [InlineData("a b c", "a x b y c z", 2.0 * 3 / 9)]
    [InlineData("", "police", 0)]
    [InlineData("...", "...", 0)]
    [InlineData("élan vital", "Élan", 2.0 / 3)]
    public void It_is_the_published_measure(string candidate, string reference, double expected) =>
        Assert.Equal(expected, RationaleOverlap.RougeL(candidate, reference), 1e-12);

    [Fact]
    public void It_is_symmetric_from_0_to_1_and_1_only_for_the_same_words() =>
        Gen.Select(Gen.String[Gen.Char["ab c."], 0, 20], Gen.String[Gen.Char["ab c."], 0, 20]).Sample((one, other) =>
        {
            var score = RationaleOverlap.RougeL(one, other);

            Assert.Equal(score, RationaleOverlap.RougeL(other, one));
            Assert.InRange(score, 0, 1);
            Assert.Equal(Words(one).Length > 0 && Words(one).SequenceEqual(Words(other)), score == 1);
        });

    private static string[] Words(string text) =>
        text.Split([' ', '.'], StringSplitOptions.RemoveEmptyEntries);
}
