using StepDistill.Students;
using StepDistill.Training.Models.T5;
using TorchSharp;
using static TorchSharp.torch;

namespace StepDistill.Training.Tests.Models.T5;

public sealed partial class T5NetworkTests
{
    private static readonly T5Config Tiny = TinyNetworks.Gated;

    [Theory]
    [InlineData(512, 6, 1024, 8, 76_961_152)]       // google/t5-v1_1-small
    [InlineData(768, 12, 2048, 12, 247_577_856)]    // google/t5-v1_1-base
    [InlineData(1024, 16, 2816, 24, 783_150_080)]   // google/t5-v1_1-large
    public void Untied_sizes_have_as_many_parameters_as_published(
        int width, int heads, int inner, int blocks, long count)
    {
        using var network = new T5Network(
            new()
            {
                Width = width, Heads = heads, FeedForwardWidth = inner, EncoderBlocks = blocks, DecoderBlocks = blocks,
            },
            META);

        Assert.Equal(count, network.parameters().Sum(p => p.numel()));
    }

    [Theory]
    [InlineData(512, 8, 2048, 6, 60_506_624)]       // t5-small
    [InlineData(768, 12, 3072, 12, 222_903_552)]    // t5-base
    public void Tied_sizes_have_as_many_parameters_as_published(int width, int heads, int inner, int blocks, long count)
    {
        using var network = new T5Network(
            new()
            {
                Width = width, Heads = heads, FeedForwardWidth = inner, EncoderBlocks = blocks, DecoderBlocks = blocks,
                FeedForward = T5FeedForwardKind.Relu, TiedEmbeddings = true,
            },
            META);

        Assert.Equal(count, network.parameters().Sum(p => p.numel()));
    }

    [Theory]
    [MemberData(nameof(TinyNetworks.Each), MemberType = typeof(TinyNetworks))]
    public void Padding_changes_nothing(T5Config config)
    {
        using var _ = NewDisposeScope();
        using var network = TinyNetworks.Evaluating(config);
        var target = tensor(new long[,] { { 0, 7, 8 } });

        var bare = network.forward(tensor(new long[,] { { 5, 6 } }), tensor(new[,] { { true, true } }), target);
        var padded = network.forward(
            tensor(new long[,] { { 5, 6, 0, 0 } }), tensor(new[,] { { true, true, false, false } }), target);

        Assert.True(allclose(bare, padded, rtol: 1e-5, atol: 1e-5));
    }

    [Theory]
    [MemberData(nameof(TinyNetworks.Each), MemberType = typeof(TinyNetworks))]
    public void Scores_do_not_depend_on_later_target_tokens(T5Config config)
    {
        using var _ = NewDisposeScope();
        using var network = TinyNetworks.Evaluating(config);
        var input = tensor(new long[,] { { 5, 6 } });
        var mask = ones_like(input).@bool();

        var one = network.forward(input, mask, tensor(new long[,] { { 0, 7, 8 } }));
        var other = network.forward(input, mask, tensor(new long[,] { { 0, 7, 9 } }));

        Assert.True(allclose(one[.., ..2], other[.., ..2], rtol: 1e-5, atol: 1e-6));
        Assert.False(allclose(one[.., 2..], other[.., 2..]));
    }

    [Fact]
    public void Scores_depend_on_the_order_of_the_input()
    {
        using var _ = NewDisposeScope();
        using var network = TinyNetworks.Evaluating(Tiny);
        var mask = ones(1, 2, ScalarType.Bool);
        var target = tensor(new long[,] { { 0 } });

        var one = network.forward(tensor(new long[,] { { 5, 6 } }), mask, target);
        var other = network.forward(tensor(new long[,] { { 6, 5 } }), mask, target);

        Assert.False(allclose(one, other));
    }

    [Fact]
    public void A_forward_pass_leaves_one_tensor_behind()
    {
        using var network = TinyNetworks.Evaluating(Tiny);
        using var input = tensor(new long[,] { { 5, 6 } });
        using var mask = ones(1, 2, ScalarType.Bool);
        using var target = tensor(new long[,] { { 0, 7 } });
        using (network.forward(input, mask, target)) { }

        var before = DisposeScopeManager.Statistics.ThreadTotalLiveCount;
        var logits = network.forward(input, mask, target);

        Assert.Equal(1, DisposeScopeManager.Statistics.ThreadTotalLiveCount - before);
        logits.Dispose();
        Assert.Equal(0, DisposeScopeManager.Statistics.ThreadTotalLiveCount - before);
    }

    [Fact]
    public void Dropout_works_while_training_and_not_while_evaluating()
    {
        using var _ = NewDisposeScope();
        using var network = T5Network.FromSeed(Tiny with { DropoutRate = 0.5 }, seed: 1);
        var input = tensor(new long[,] { { 5, 6 } });
        var mask = ones(1, 2, ScalarType.Bool);
        var target = tensor(new long[,] { { 0, 7 } });

        Assert.False(allclose(network.forward(input, mask, target), network.forward(input, mask, target)));
        network.eval();
        Assert.True(SameBits(network.forward(input, mask, target), network.forward(input, mask, target)));
    }

    [Fact]
    public void A_seed_decides_every_weight()
    {
        using var one = T5Network.FromSeed(Tiny, seed: 3);
        using var same = T5Network.FromSeed(Tiny, seed: 3);
        using var other = T5Network.FromSeed(Tiny, seed: 4);

        Assert.All(
            T5Weights.Of(one).Zip(T5Weights.Of(same)),
            pair => Assert.True(SameBits(pair.First.Weight, pair.Second.Weight)));
        Assert.False(SameBits(T5Weights.Of(one)[0].Weight, T5Weights.Of(other)[0].Weight));
    }

    [Theory]
    [InlineData("shared.weight", 1)]
    [InlineData("lm_head.weight", 0.1104)]                                                             // 82^-½
    [InlineData("encoder.block.0.layer.0.SelfAttention.q.weight", 0.0138)]                          // (82 · 64)^-½
    [InlineData("decoder.block.1.layer.1.EncDecAttention.k.weight", 0.1104)]                        // 82^-½
    [InlineData("decoder.block.1.layer.0.SelfAttention.o.weight", 0.0722)]                          // (3 · 64)^-½
    [InlineData("decoder.block.0.layer.0.SelfAttention.relative_attention_bias.weight", 0.1104)]    // 82^-½
    [InlineData("encoder.block.1.layer.1.DenseReluDense.wi_0.weight", 0.1104)]                      // 82^-½
    [InlineData("encoder.block.1.layer.1.DenseReluDense.wo.weight", 0.0884)]                        // 128^-½
    public void Random_weights_spread_as_the_reference_spreads_them(string name, double deviation)
    {
        using var network = T5Network.FromSeed(
            new()
            {
                Width = 82, Heads = 3, HeadWidth = 64, FeedForwardWidth = 128, EncoderBlocks = 2, DecoderBlocks = 2,
                VocabularySize = 300, PositionBuckets = 1000, InitializerFactor = 2,
            },
            seed: 0);

        using var weight = T5Weights.Of(network).Single(w => w.Name == name).Weight.detach();

        Assert.Equal(2 * deviation, weight.std().item<float>(), 0.05 * deviation);
        Assert.Equal(0, weight.mean().item<float>(), 0.05 * deviation);
    }

    [Fact]
    public void The_decoder_reads_the_target_shifted_right()
    {
        using var _ = NewDisposeScope();
        using var network = new T5Network(Tiny with { StartId = 3, PadId = 2 }, META);

        var shifted = network.DecoderIds(tensor(new long[,] { { 7, 8, 1 }, { 9, 1, -100 } }));

        Assert.Equal([3, 7, 8, 3, 9, 1], shifted.data<long>().ToArray());
    }

    [Fact]
    public void Selected_rows_score_as_they_do_among_all()
    {
        using var _ = NewDisposeScope();
        using var network = TinyNetworks.Evaluating(TinyNetworks.Tied);
        var input = tensor(new long[,] { { 5, 6 } });
        var mask = ones(1, 2, ScalarType.Bool);
        var target = tensor(new long[,] { { 0, 7, 8 } });

        var all = network.forward(input, mask, target);
        var hidden = network.Decode(network.Encode(input, mask), mask, target);

        Assert.True(allclose(network.Logits(hidden[0, 1]), all[0, 1], rtol: 1e-5, atol: 1e-6));
    }

    [Theory]
    [MemberData(nameof(TinyNetworks.Each), MemberType = typeof(TinyNetworks))]
    public void In_bfloat16_it_scores_nearly_as_in_float32(T5Config config)
    {
        using var _ = NewDisposeScope();
        using var network = TinyNetworks.Evaluating(config);
        var input = tensor(new long[,] { { 5, 6, 9, 0 } });
        var mask = tensor(new[,] { { true, true, true, false } });
        var target = tensor(new long[,] { { 0, 7, 8 } });

        var full = network.forward(input, mask, target);
        using var rounded = network.In(ScalarType.BFloat16);
        rounded.eval();
        var half = rounded.forward(input, mask, target);

        Assert.Equal(ScalarType.Float32, half.dtype);
        Assert.InRange((full - half).norm().item<float>() / full.norm().item<float>(), 1e-5, 0.1);
    }

    [Fact]
    public void Ids_and_mask_of_different_shapes_are_refused()
    {
        using var network = TinyNetworks.Evaluating(Tiny);
        using var input = tensor(new long[,] { { 5, 6 } });
        using var mask = ones(1, 3, ScalarType.Bool);

        var refusal = Assert.Throws<ArgumentException>("mask", () => network.Encode(input, mask));

        Assert.StartsWith(
            "Input ids have shape [1, 2] but their mask has shape [1, 3];", refusal.Message, StringComparison.Ordinal);
    }

    private static bool SameBits(Tensor one, Tensor other) => allclose(one, other, rtol: 0, atol: 0);
}
