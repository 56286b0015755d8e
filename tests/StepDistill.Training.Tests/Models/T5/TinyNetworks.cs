using StepDistill.Students;
using StepDistill.Training.Models.T5;

namespace StepDistill.Training.Tests.Models.T5;

/// <summary>One small network of each form that the family has.</summary>
internal static class TinyNetworks
{
    public static readonly T5Config Gated = new()
    {
        Width = 24, Heads = 3, HeadWidth = 16, FeedForwardWidth = 40, EncoderBlocks = 2, DecoderBlocks = 2,
        VocabularySize = 50,
    };

    public static readonly T5Config Tied = Gated with
    {
        FeedForward = T5FeedForwardKind.Relu, TiedEmbeddings = true, HeadWidth = 8, DecoderBlocks = 3,
    };

    public static readonly T5Config Silu = Gated with
    {
        FeedForward = T5FeedForwardKind.GatedSilu, HeadWidth = 4, EncoderBlocks = 1,
    };

    public static TheoryData<T5Config> Each => [Gated, Tied, Silu];

    public static T5Network Evaluating(T5Config config, long seed = 1)
    {
        var network = T5Network.FromSeed(config, seed);
        network.eval();
        return network;
    }
}
