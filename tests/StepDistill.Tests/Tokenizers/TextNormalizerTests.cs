using System.Text;
using StepDistill.Tokenizers;

namespace StepDistill.Tests.Tokenizers;

public sealed class TextNormalizerTests
{
    [Theory]
    [InlineData(" a  b ", "▁a▁b")]
    [InlineData("", "")]
    [InlineData("  ", "")]
    public void White_space_is_made_plain(string text, string normalized) =>
        Assert.Equal(normalized, Normalize(new NormalizerRules(), text));

    [Fact]
    public void Each_rule_can_be_off()
    {
        Assert.Equal("a▁b", Normalize(new NormalizerRules { AddDummyPrefix = false }, " a  b "));
        Assert.Equal("▁▁a▁▁b▁", Normalize(new NormalizerRules { RemoveExtraWhitespaces = false }, " a  b "));
        Assert.Equal(" a b", Normalize(new NormalizerRules { EscapeWhitespaces = false }, " a  b "));
    }

    [Fact]
    public void User_defined_text_is_kept_from_the_character_map() =>
        Assert.Equal("▁x▁aax", Normalize(
            new NormalizerRules
            {
                CharacterMap = CharacterMap.Compile(new Dictionary<byte[], byte[]> { [[.. "a"u8]] = [.. "x"u8] }),
            },
            "a aaa",
            DoubleArray.Build([KeyValuePair.Create((byte[])[.. "aa"u8], 0)])));

    [Fact]
    public void Bytes_that_are_no_text_become_replacement_characters()
    {
        var normalized = new ByteBuffer(8);
        new TextNormalizer(new NormalizerRules { AddDummyPrefix = false })
            .Normalize([0xE2, (byte)'a', 0xFF], ref normalized);

        Assert.Equal("\uFFFDa\uFFFD", Encoding.UTF8.GetString(normalized.Written));
        normalized.Dispose();
    }

    private static string Normalize(NormalizerRules rules, string text, DoubleArray? kept = null)
    {
        var normalized = new ByteBuffer(8);
        new TextNormalizer(rules, kept).Normalize(Encoding.UTF8.GetBytes(text), ref normalized);
        var result = Encoding.UTF8.GetString(normalized.Written);
        normalized.Dispose();
        return result;
    }
}
