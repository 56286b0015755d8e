using StepDistill.Batches;
using StepDistill.Students;
using StepDistill.Training.Models.T5;
using StepDistill.Training.Objectives;
using StepDistill.Training.Packed;
using StepDistill.Training.Tests.Models.T5;
using static TorchSharp.torch;

namespace StepDistill.Training.Tests.Packed;

public sealed class PackedGradientTests
{
    private static readonly LossShares Plain = new(0.04, 0.013);

    public static TheoryData<string> Networks => new("gated", "silu", "relu, tied", "odd sizes");

    [Theory]
    [MemberData(nameof(Networks))]
    public void It_is_the_library_s(string name) => Compare(name, Plain);

    [Theory]
    [MemberData(nameof(Networks))]
    public void It_is_the_library_s_with_smoothed_labels(string name) => Compare(name, Plain with { Smoothing = 0.1 });

    [Theory]
    [MemberData(nameof(Networks))]
    public void It_is_the_library_s_with_the_term_of_mutual_information(string name) =>
        Compare(name, Plain with { MutualInformation = 0.3 });

    /// <remarks>
    /// What bfloat16 costs follows from the network: each of some thirty operations in a row rounds to 8 bits, and a ReLU
    /// near zero may open or close. So the library's own gradient in bfloat16 is the measure: it may be off as much.
    /// </remarks>
    [Theory]
    [MemberData(nameof(Networks))]
    public void In_bfloat16_it_is_as_near_to_float32_as_the_library_s(string name)
    {
        var config = Config(name);
        using var full = T5Network.FromSeed(config, 3);
        using var half = full.In(ScalarType.BFloat16);
        full.Memory.EnableGradients();
        half.Memory.EnableGradients();
        var examples = Examples(config.VocabularySize, 9, longest: 70);

        var expected = Add(full, examples, Plain);
        var exact = Flat(Taken(full));
        var measured = Add(half, examples, Plain);
        var ours = Difference(Flat(Taken(half)), exact);
        new LibraryGradient(half).Add(examples, Plain, 1, again: false);
        var theirs = Difference(Flat(Taken(half)), exact);

        Assert.Equal(expected.Label, measured.Label, 0.02);
        Assert.True(ours <= 1.25 * theirs, $"Our gradient is off by {ours:P2}, the library's by {theirs:P2}.");
        Assert.InRange(ours, 1e-4, 0.05);
    }

    [Fact]
    public void Examples_do_not_see_each_other()
    {
        using var network = T5Network.FromSeed(TinyNetworks.Gated with { DropoutRate = 0 }, 3);
        network.Memory.EnableGradients();
        var examples = Examples(network.Config.VocabularySize, 6, longest: 50);

        var together = Add(network, examples, Plain);
        var gradients = Taken(network);
        var alone = TaskLosses.Sum(examples.Select(example => Add(network, [example], Plain)));

        Assert.Equal(together.LabelSum, alone.LabelSum, 1e-4);
        Assert.Equal(together.RationaleSum, alone.RationaleSum, 1e-3);
        Assert.All(Taken(network), gradient => Assert.InRange(Difference(gradients[gradient.Key], gradient.Value), 0, 1e-5));
    }

    private static void Compare(string name, LossShares shares)
    {
        var config = Config(name);
        using var network = T5Network.FromSeed(config, 3);
        network.Memory.EnableGradients();
        var examples = Examples(config.VocabularySize, 9, longest: 70);

        var expected = new LibraryGradient(network).Add(examples, shares, 1, again: false);
        var theirs = Taken(network);
        var measured = Add(network, examples, shares);
        var ours = Taken(network);

        Assert.Equal(expected.Label, measured.Label, 1e-5);
        Assert.Equal(expected.Rationale!.Value, measured.Rationale!.Value, 1e-5);
        Assert.Equal((expected.LabelTokens, expected.RationaleTokens), (measured.LabelTokens, measured.RationaleTokens));
        Assert.All(theirs, gradient => Assert.InRange(Difference(ours[gradient.Key], gradient.Value), 0, 1e-4));
    }

    [Theory]
    [MemberData(nameof(Networks))]
    public void Blocks_computed_again_give_the_same_bits_under_dropout(string name)
    {
        var config = Config(name) with { DropoutRate = 0.2 };
        using var network = T5Network.FromSeed(config, 3);
        network.Memory.EnableGradients();
        var examples = Examples(config.VocabularySize, 5, longest: 40);

        var kept = Add(network, examples, Plain);
        var gradients = Taken(network);
        var made = Add(network, examples, Plain, again: true);

        Assert.Equal(kept, made);
        Assert.All(Taken(network), gradient => Assert.Equal(gradients[gradient.Key], gradient.Value));
    }

    private static TaskLosses Add(
        T5Network network, IReadOnlyList<EncodedExample> examples, LossShares shares, bool again = false)
    {
        using var frozen = no_grad();
        using var gradient = new PackedGradient(network);
        return gradient.Add(examples, shares, 1, again);
    }

    private static T5Config Config(string name) => name switch
    {
        "gated" => TinyNetworks.Gated,
        "silu" => TinyNetworks.Gated with { FeedForward = T5FeedForwardKind.GatedSilu },
        "relu, tied" => TinyNetworks.Tied with { FeedForward = T5FeedForwardKind.Relu },
        _ => new()
        {
            Width = 21, Heads = 3, HeadWidth = 5, FeedForwardWidth = 19, EncoderBlocks = 2, DecoderBlocks = 3, VocabularySize = 67,
        },
    } with { DropoutRate = 0 };

    /// <summary>
    /// Examples of many lengths and weights; every third has no rationale, every fourth shares its source between the
    /// tasks and starts its rationale from an id of its own.
    /// </summary>
    private static List<EncodedExample> Examples(int vocabulary, int count, int longest)
    {
        var random = new SplitMix64(5);
        int[] Ids(int length) => [.. Enumerable.Range(0, length - 1).Select(_ => 2 + (int)(random.Next() % (ulong)(vocabulary - 2))), 1];
        int Length() => 1 + (int)(random.Next() % (ulong)longest);
        return
        [
            .. Enumerable.Range(0, count).Select(i =>
            {
                var label = new EncodedPair(Ids(Length()), Ids(1 + (i % 4)));
                var source = i % 4 == 0 ? label.Source : Ids(Length());
                return new EncodedExample(
                    $"e{i}", label, i % 3 == 2 ? null : new(source, Ids(Length()), i % 4 == 0 ? 7 : null), Weight: 0.5 + (0.1 * i));
            }),
        ];
    }

    /// <summary>Every weight's gradient, which is set to zero.</summary>
    private static Dictionary<string, float[]> Taken(T5Network network)
    {
        var gradients = T5Weights.Of(network).ToDictionary(w => w.Name, w => w.Weight.grad!.to_type(ScalarType.Float32).data<float>().ToArray());
        using var frozen = no_grad();
        network.Memory.Gradients!.zero_();
        return gradients;
    }

    private static float[] Flat(Dictionary<string, float[]> gradients) => [.. gradients.Values.SelectMany(numbers => numbers)];

    /// <summary>‖a − b‖ / ‖b‖</summary>
    private static double Difference(float[] a, float[] b) =>
        Math.Sqrt(a.Zip(b, (x, y) => ((double)x - y) * (x - y)).Sum() / Math.Max(1e-20, b.Sum(y => (double)y * y)));
}
