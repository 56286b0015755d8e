using StepDistill.Students;
using StepDistill.Students.Weights;
using StepDistill.Training.Models.T5;
using StepDistill.Training.Objectives;
using StepDistill.Training.Optimization;
using static TorchSharp.torch;

namespace StepDistill.Training.Tests.Models.T5;

public sealed class T5AdaptersTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("t5-adapters-");

    public static TheoryData<T5Config, string> Networks => new()
    {
        { TinyNetworks.Gated, "queries-and-values" },
        { TinyNetworks.Gated, "all" },
        { TinyNetworks.Tied, "all" },
        { TinyNetworks.Silu, "all" },
    };

    public void Dispose() => _folder.Delete(recursive: true);

    [Theory]
    [MemberData(nameof(Networks))]
    public void New_adapters_change_nothing(T5Config config, string weights)
    {
        using var network = TinyNetworks.Evaluating(config);
        var before = Gradients.Logits(network);

        T5Adapters.Attach(network, new() { Rank = 3, Weights = weights }, seed: 5);

        Assert.Equal(before, Gradients.Logits(network));
    }

    [Theory]
    [MemberData(nameof(Networks))]
    public void Their_gradients_are_the_library_s(T5Config config, string weights)
    {
        using var network = T5Network.FromSeed(config with { DropoutRate = 0 }, 3);
        Attach(network, weights);

        var expected = Gradients.Library(network);
        var measured = Gradients.Packed(network);

        Assert.NotEmpty(expected);
        Assert.Equal(expected.Keys, measured.Keys);
        Assert.All(expected, gradient => Assert.InRange(Gradients.Difference(measured[gradient.Key], gradient.Value), 0, 1e-4));
        Assert.All(measured.Values, gradient => Assert.Contains(gradient, number => number != 0));
    }

    [Fact]
    public void In_bfloat16_they_are_near_those_of_float32()
    {
        using var full = T5Network.FromSeed(TinyNetworks.Gated with { DropoutRate = 0 }, 3);
        using var rounded = full.In(ScalarType.BFloat16);
        Attach(full, "all");
        Attach(rounded, "all");

        var (expected, measured) = (Gradients.Packed(full), Gradients.Packed(rounded));

        // bfloat16 has eight bits; a wrong term shows as 0.3 or more.
        Assert.All(expected, gradient => Assert.InRange(Gradients.Difference(measured[gradient.Key], gradient.Value), 0, 0.06));
    }

    [Fact]
    public void Blocks_computed_again_give_the_same_bits_under_dropout()
    {
        using var network = T5Network.FromSeed(TinyNetworks.Gated with { DropoutRate = 0.2 }, 3);
        Attach(network, "all");

        var (kept, made) = (Gradients.Packed(network), Gradients.Packed(network, again: true));

        Assert.All(made, gradient => Assert.Equal(kept[gradient.Key], gradient.Value));
    }

    [Theory]
    [MemberData(nameof(Networks))]
    public void A_merged_network_gives_the_same_answers(T5Config config, string weights)
    {
        using var network = TinyNetworks.Evaluating(config);
        var plain = Gradients.Logits(network);
        Attach(network, weights);
        var adapted = Gradients.Logits(network);
        var path = Path.Combine(_folder.FullName, "model.safetensors");
        T5Weights.Write(network, path);

        network.Adapters!.Merge();
        using var files = WeightFiles.Open(path);
        using var read = T5Weights.Load(config, files);
        read.eval();

        Assert.True(Gradients.Difference(plain, adapted) > 1e-2);
        Assert.InRange(Gradients.Difference(Gradients.Logits(network), adapted), 0, 1e-5);
        Assert.Equal(Gradients.Logits(network), Gradients.Logits(read));
    }

    [Theory]
    [InlineData(ScalarType.Float32)]
    [InlineData(ScalarType.BFloat16)]
    public void Training_changes_the_adapters_alone(ScalarType type)
    {
        using var start = T5Network.FromSeed(TinyNetworks.Gated, 3);
        using var network = start.In(type);
        var before = network.Memory.Values.clone();
        T5Adapters.Attach(network, new() { Rank = 2 }, seed: 5);
        using var optimizer = Optimizer.Of(new() { Optimizer = "adamw" }, network.LearningMemory);
        var step = new TrainStep(network, StepByStepLoss.Program(), optimizer, maxGradNorm: 1);
        var losses = Enumerable.Range(0, 20).Select(_ => step.Run(Gradients.Examples(network), 0.02).Loss).ToList();

        Assert.True(before.equal(network.Memory.Values).all().item<bool>());
        Assert.Null(network.Memory.Gradients);
        Assert.True(losses[^1] < 0.9 * losses[0]);
        Assert.Equal(2 * network.LearningMemory.LearningCount, optimizer.State.Sum(state => state.Values.numel()));
    }

    [Fact]
    public void They_are_read_as_they_were_written_and_named_as_peft_names_them()
    {
        using var network = T5Network.FromSeed(TinyNetworks.Gated, 3);
        using var other = T5Network.FromSeed(TinyNetworks.Gated, 3);
        Attach(network, "all");
        T5Adapters.Attach(other, new() { Rank = 3, Weights = "all" }, seed: 9);
        var path = Path.Combine(_folder.FullName, "adapter_model.safetensors");

        network.Adapters!.Write(path);
        other.Adapters!.Read(path);

        Assert.Equal(Numbers(network), Numbers(other));
        Assert.Contains("base_model.model.decoder.block.1.layer.1.EncDecAttention.q.lora_B.weight", network.Adapters.Weights.Select(w => w.Name));
    }

    [Fact]
    public void Adapters_of_other_settings_are_refused()
    {
        using var network = T5Network.FromSeed(TinyNetworks.Gated, 3);
        using var other = T5Network.FromSeed(TinyNetworks.Gated, 3);
        Attach(network, "queries-and-values");
        T5Adapters.Attach(other, new() { Rank = 4 }, seed: 9);
        var path = Path.Combine(_folder.FullName, "adapter_model.safetensors");
        network.Adapters!.Write(path);

        var fault = Assert.Throws<StepDistillException>(() => other.Adapters!.Read(path));

        Assert.Contains("training.lora", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Frozen_parts_get_none()
    {
        using var network = T5Network.FromSeed(TinyNetworks.Gated, 3);
        T5Freezing.Apply(network, ["encoder"]);
        T5Adapters.Attach(network, new() { Rank = 3 }, seed: 5);

        Assert.Equal(2 * 4 * 2, network.Adapters!.Weights.Count());        // A and B, two attentions of q and v, two blocks
        Assert.All(network.Adapters.Weights, named => Assert.Contains("decoder.", named.Name, StringComparison.Ordinal));
    }

    /// <summary>Adapters whose B is not zero.</summary>
    private static void Attach(T5Network network, string weights)
    {
        T5Adapters.Attach(network, new() { Rank = 3, Alpha = 5, Weights = weights }, seed: 5);
        var memory = network.Adapters!.Memory;
        random.manual_seed(11);
        foreach (var (name, weight) in network.Adapters.Weights.Where(named => named.Name.Contains("lora_B", StringComparison.Ordinal)))
        {
            using var numbers = randn(weight.shape) * 0.1;
            memory.Write(memory.Of(weight), 0, numbers.data<float>().ToArray());
        }
    }

    private static List<float[]> Numbers(T5Network network) => [.. network.Adapters!.Memory.Weights.Select(placed =>
    {
        var numbers = new float[placed.Length];
        network.Adapters.Memory.Read(placed, 0, numbers);
        return numbers;
    })];
}
