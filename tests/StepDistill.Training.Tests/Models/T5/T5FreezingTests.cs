using StepDistill.Training.Models.T5;
using StepDistill.Training.Objectives;
using StepDistill.Training.Optimization;
using static TorchSharp.torch;

namespace StepDistill.Training.Tests.Models.T5;

public sealed class T5FreezingTests
{
    public static TheoryData<string> Parts => ["embeddings", "encoder", "decoder", "embeddings,encoder", "encoder,decoder"];

    [Theory]
    [MemberData(nameof(Parts))]
    public void What_learns_gets_the_gradients_that_it_gets_otherwise(string frozenParts)
    {
        var parts = frozenParts.Split(',');
        foreach (var config in new[] { TinyNetworks.Gated, TinyNetworks.Tied })
        {
            using var whole = T5Network.FromSeed(config, 3);
            using var frozen = T5Network.FromSeed(config, 3);
            T5Freezing.Apply(frozen, parts);

            var expected = Gradients.Packed(whole);       // with dropout: the same numbers are dropped, too
            var measured = Gradients.Packed(frozen);

            Assert.Equal(Names(expected.Keys, parts), measured.Keys);
            Assert.All(measured, gradient => Assert.Equal(expected[gradient.Key], gradient.Value));
            Assert.Equal(measured.Values.Sum(gradient => gradient.Length), frozen.Memory.Gradients!.numel());
        }
    }

    [Fact]
    public void Also_the_library_leaves_frozen_weights_alone()
    {
        using var whole = T5Network.FromSeed(TinyNetworks.Gated with { DropoutRate = 0 }, 3);
        using var frozen = T5Network.FromSeed(TinyNetworks.Gated with { DropoutRate = 0 }, 3);
        T5Freezing.Apply(frozen, ["embeddings", "encoder"]);

        var expected = Gradients.Packed(whole);
        var measured = Gradients.Library(frozen);

        Assert.All(measured, gradient => Assert.InRange(Gradients.Difference(gradient.Value, expected[gradient.Key]), 0, 1e-4));
    }

    [Theory]
    [InlineData(ScalarType.Float32, "adamw")]
    [InlineData(ScalarType.BFloat16, "adamw")]
    [InlineData(ScalarType.Float32, "adafactor")]
    [InlineData(ScalarType.BFloat16, "adafactor")]
    public void Frozen_weights_keep_their_bits_and_the_others_move(ScalarType type, string name)
    {
        using var start = T5Network.FromSeed(TinyNetworks.Gated, 3);
        using var network = start.In(type);
        T5Freezing.Apply(network, ["encoder"]);
        var before = Numbers(network);
        using var optimizer = Optimizer.Of(new() { Optimizer = name, WeightDecay = 0.1 }, network.Memory);
        for (var step = 0; step < 3; step++)
        {
            Run(network, optimizer);
        }

        Assert.All(Numbers(network), weight => Assert.Equal(
            weight.Key.StartsWith("encoder", StringComparison.Ordinal), before[weight.Key].SequenceEqual(weight.Value)));
        Assert.DoesNotContain(optimizer.State, state => !state.Weight.requires_grad);
    }

    [Fact]
    public void A_student_of_which_nothing_learns_is_refused()
    {
        using var network = T5Network.FromSeed(TinyNetworks.Gated, 3);

        var fault = Assert.Throws<StepDistillException>(() => T5Freezing.Apply(network, ["encoder", "decoder", "embeddings"]));

        Assert.Contains("nothing of the student is left to learn", fault.Message, StringComparison.Ordinal);
    }

    private static void Run(T5Network network, Optimizer optimizer) =>
        new TrainStep(network, StepByStepLoss.Program(), optimizer, maxGradNorm: 1).Run(Gradients.Examples(network), 0.01);

    private static IEnumerable<string> Names(IEnumerable<string> all, string[] parts) => all.Where(name => !parts.Contains(
        name.StartsWith("encoder", StringComparison.Ordinal) ? "encoder" : name.StartsWith("decoder", StringComparison.Ordinal) ? "decoder" : "embeddings"));

    private static Dictionary<string, float[]> Numbers(T5Network network) => T5Weights.Of(network).ToDictionary(named => named.Name, named =>
    {
        var numbers = new float[named.Weight.numel()];
        network.Memory.Read(network.Memory.Of(named.Weight), 0, numbers);
        return numbers;
    });
}
