using CsCheck;
using StepDistill.Tokenizers;

namespace StepDistill.Tests.Tokenizers;

public sealed class DoubleArrayTests
{
    private static readonly Gen<byte[]> Key = Gen.Byte[1, 255].Array[1, 5];

    [Fact]
    public void The_longest_key_that_a_text_starts_with_is_found() =>
        Gen.Select(Key.Array[1, 400], Gen.Byte[0, 9].Array[0, 8]).Sample((some, end) =>
        {
            var keys = new Dictionary<byte[], int>(ByteText.Comparer);
            foreach (var key in some)
            {
                keys.TryAdd(key, keys.Count);
            }

            var trie = DoubleArray.Build(keys);
            foreach (var text in some.Select(key => (byte[])[.. key, .. end]).Append(end))
            {
                var longest = keys.Where(key => text.AsSpan().StartsWith(key.Key))
                    .OrderByDescending(key => key.Key.Length).FirstOrDefault();
                Assert.Equal(longest.Key?.Length ?? 0, trie.LongestPrefix(text, out var value));
                Assert.Equal(longest.Value, value);
            }
        });

    [Fact]
    public void Keys_may_be_so_long_that_distances_need_more_than_21_bits()
    {
        static byte Letter(int value) => (byte)(1 + (value % 255));
        var keys = Enumerable.Range(0, 30_000)
            .Select(i => KeyValuePair.Create(
                (byte[])[Letter(i), Letter(i / 255), .. Enumerable.Range(i, 80).Select(Letter)], i))
            .ToArray();
        var trie = DoubleArray.Build(keys);

        Assert.True(trie.Units.Length > 1 << 21);
        Assert.All(keys, key => Assert.Equal((82, key.Value), (trie.LongestPrefix(key.Key, out var found), found)));
    }

    [Fact]
    public void A_damaged_array_is_never_left() =>
        Gen.Select(Gen.Byte.Array[0, 80], Gen.Byte.Array[0, 40]).Sample((array, text) =>
            Assert.InRange(DoubleArray.FromBytes(array).LongestPrefix(text, out _), 0, text.Length));
}
