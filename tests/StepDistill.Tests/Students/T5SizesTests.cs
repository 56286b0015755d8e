using StepDistill.Students;

namespace StepDistill.Tests.Students;

public sealed class T5SizesTests
{
    [Theory]
    [InlineData("t5-v1_1-tiny", 0.7)]
    [InlineData("t5-v1_1-mini", 7.1)]
    [InlineData("t5-v1_1-small", 44.1)]
    [InlineData("t5-v1_1-base", 198.2)]
    [InlineData("t5-v1_1-large", 717.4)]
    [InlineData("t5-v1_1-xl", 2718.2)]
    [InlineData("t5-v1_1-xxl", 10_872.1)]
    public void Each_size_has_its_number_of_parameters(string name, double millions)
    {
        var c = T5Sizes.Named(name);
        long attention = 4L * c.Width * c.Heads * c.HeadWidth, feedForward = 3L * c.Width * c.FeedForwardWidth;
        var encoder = c.EncoderBlocks * (attention + feedForward + 2 * c.Width);
        var decoder = c.DecoderBlocks * (2 * attention + feedForward + 3 * c.Width);
        var rest = 2 * (c.Width + c.PositionBuckets * c.Heads);

        Assert.Equal(millions, Math.Round((encoder + decoder + rest) / 1e6, 1));
    }

    [Fact]
    public void Published_sizes_are_of_version_1_1()
    {
        Assert.All(T5Sizes.Names.Select(T5Sizes.Named), config => Assert.Equal(
            (T5FeedForwardKind.GatedGelu, false, 32_128), (config.FeedForward, config.TiedEmbeddings, config.VocabularySize)));
        Assert.Equal(384, T5Sizes.Named("t5-v1_1-small").Heads * T5Sizes.Named("t5-v1_1-small").HeadWidth);
    }

    [Theory]
    [InlineData("t5-v1.1-smal", "t5-v1_1-small")]
    [InlineData("mini", "t5-v1_1-mini")]
    public void An_unknown_name_is_answered_with_the_nearest(string name, string nearest) => Assert.Contains(
        $"Did you mean {nearest}?", Assert.Throws<StepDistillException>(() => T5Sizes.Named(name)).Message, StringComparison.Ordinal);
}
