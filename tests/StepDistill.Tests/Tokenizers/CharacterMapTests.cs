using System.Text;
using CsCheck;
using StepDistill.Tokenizers;

namespace StepDistill.Tests.Tokenizers;

public sealed class CharacterMapTests
{
    private static readonly byte[] Compiled = CharacterMap.Compile(new Dictionary<byte[], byte[]>(ByteText.Comparer)
    {
        [[.. "a"u8]] = [.. "b"u8],
        [[.. "ab"u8]] = [.. "long"u8],
        [[.. "x"u8]] = [],
    });

    [Theory]
    [InlineData("abc", 2, "long")]
    [InlineData("ac", 1, "b")]
    [InlineData("x", 1, "")]
    [InlineData("c", 0, "")]
    [InlineData("", 0, "")]
    public void The_longest_rule_counts(string text, int length, string replacement)
    {
        Assert.Equal(length, CharacterMap.Parse(Compiled).Match(Encoding.UTF8.GetBytes(text), out var found));
        Assert.Equal(replacement, Encoding.UTF8.GetString(found));
    }

    [Fact]
    public void A_damaged_map_is_refused_or_stays_within_its_bounds()
    {
        var edit = Gen.Select(Gen.Int[0, Compiled.Length - 1], Gen.Byte);
        Gen.Select(Gen.Int[0, Compiled.Length], edit.Array[0, 4], Gen.Byte.Array[0, 9])
            .Sample((length, edits, text) =>
            {
                var bytes = Compiled.ToArray();
                foreach (var (place, value) in edits)
                {
                    bytes[place] = value;
                }

                try
                {
                    var map = CharacterMap.Parse(length % 2 == 0 ? bytes : bytes.AsSpan(0, length));
                    Assert.InRange(map.Match(text, out _), 0, text.Length);
                }
                catch (InvalidDataException)
                {
                }
            });
    }

    [Fact]
    public void A_replacement_out_of_all_proportion_is_refused()
    {
        var map = CharacterMap.Compile(
            new Dictionary<byte[], byte[]> { [[.. "a"u8]] = [.. Enumerable.Repeat((byte)'b', 5000)] });

        var fault = Assert.Throws<InvalidDataException>(() => CharacterMap.Parse(map));

        Assert.Contains("5000 bytes", fault.Message, StringComparison.Ordinal);
    }
}
