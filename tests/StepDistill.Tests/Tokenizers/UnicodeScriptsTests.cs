using StepDistill.Tokenizers;

namespace StepDistill.Tests.Tokenizers;

public sealed class UnicodeScriptsTests
{
    [Theory]
    [InlineData("azÀžᵫﬁＡ")]
    [InlineData("αΩἀ")]
    [InlineData("бЯꙀ")]
    [InlineData("漢かカー々𠮷ｶ")]
    [InlineData("한가ㄱ")]
    [InlineData("हिन्दी")]
    [InlineData("1９.-😀€▁")]
    public void Characters_of_one_script_agree(string text) =>
        Assert.Single(Scripts(text));

    [Fact]
    public void Scripts_differ() =>
        Assert.Equal(8, Scripts("aαб漢한हא1").Count());

    [Fact]
    public void A_combining_accent_belongs_to_its_letter() =>
        Assert.Equal(UnicodeScripts.OfItsBase, UnicodeScripts.Of(0x301));

    private static IEnumerable<int> Scripts(string text) =>
        text.EnumerateRunes().Select(character => UnicodeScripts.Of(character.Value)).Distinct();
}
