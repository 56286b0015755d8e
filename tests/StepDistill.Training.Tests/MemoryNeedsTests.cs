using System.Globalization;
using System.Runtime.InteropServices;
using StepDistill.Batches;
using StepDistill.Recipes;
using StepDistill.Students;
using StepDistill.Training.Models.T5;
using StepDistill.Training.Objectives;
using StepDistill.Training.Optimization;
using StepDistill.Training.Packed;
using StepDistill.Training.Tests.Models.T5;
using static TorchSharp.torch;

namespace StepDistill.Training.Tests;

public sealed class MemoryNeedsTests
{
    public static TheoryData<string, ScalarType> Settings => new()
    {
        { "adamw", ScalarType.Float32 },
        { "adamw", ScalarType.BFloat16 },
        { "adafactor", ScalarType.Float32 },
        { "frozen", ScalarType.BFloat16 },
        { "lora", ScalarType.Float32 },
        { "lora", ScalarType.BFloat16 },
    };

    [Theory]
    [MemberData(nameof(Settings))]
    public void Weights_gradients_and_moments_are_counted_exactly(string setting, ScalarType type)
    {
        var training = Training(setting);
        using var start = T5Network.FromSeed(TinyNetworks.Gated, 1);
        using var network = start.In(type);
        T5Freezing.Apply(network, training.Freeze ?? []);
        if (training.Lora.Rank > 0)
        {
            T5Adapters.Attach(network, training.Lora, seed: 1);
        }

        using var optimizer = Optimizer.Of(training, network.LearningMemory);
        long Bytes(Tensor? tensor) => tensor is null ? 0 : tensor.numel() * tensor.element_size();
        var weights = Bytes(network.Memory.Values) + Bytes(network.Memory.Rests)
            + (network.Adapters is { } adapters ? Bytes(adapters.Memory.Values) + Bytes(adapters.Memory.Rests) : 0);

        var needs = MemoryNeeds.Of(TinyNetworks.Gated, training, type);

        Assert.Equal(weights, needs.Weights);
        Assert.Equal(Bytes(network.LearningMemory.Gradients), needs.Gradients);
        Assert.Equal(optimizer.State.Sum(state => Bytes(state.Values)), needs.Moments);
    }

    [Fact]
    public void The_largest_published_student_is_counted_without_being_made()
    {
        // 11.1 billion weights: 4 bytes each, and with AdamW 2 of gradients and 8 of moments.
        var config = T5Sizes.Named("t5-v1_1-xxl");
        var whole = MemoryNeeds.Of(config, Training("adamw"), ScalarType.BFloat16);
        var adapted = MemoryNeeds.Of(config, Training("lora"), ScalarType.BFloat16);
        var lean = MemoryNeeds.Of(config, Training("adafactor"), ScalarType.BFloat16);

        Assert.Equal(11_135_332_352, config.WeightCount);
        Assert.Equal(14 * config.WeightCount, whole.Weights + whole.Gradients + whole.Moments);
        Assert.InRange(adapted.Gradients + adapted.Moments, 1, 0.3e9);
        Assert.InRange(lean.Moments, 1, 0.02e9);
    }

    [Fact]
    public void Blocks_computed_again_keep_less()
    {
        var needs = MemoryNeeds.Of(T5Sizes.Named("t5-v1_1-base"), new(), ScalarType.Float32);

        Assert.True(needs.OfTokens(8000, 2000, again: true) < 0.35 * needs.OfTokens(8000, 2000, again: false));
    }

    /// <summary>Measures what the plan only computes; run it alone: <c>-explicit only -class '*MemoryNeedsTests'</c>.</summary>
    [Theory(Explicit = true)]
    [InlineData("t5-v1_1-small", 4000, 1000, ScalarType.Float32, false)]
    [InlineData("t5-v1_1-small", 4000, 1000, ScalarType.BFloat16, false)]
    [InlineData("t5-v1_1-small", 1000, 3000, ScalarType.Float32, false)]
    [InlineData("t5-v1_1-base", 1500, 500, ScalarType.Float32, false)]
    [InlineData("t5-v1_1-small", 8000, 2000, ScalarType.Float32, true)]
    [InlineData("t5-v1_1-small", 4000, 1000, ScalarType.Float32, true)]
    [InlineData("t5-v1_1-small", 8000, 2000, ScalarType.BFloat16, true)]
    [InlineData("t5-v1_1-base", 3000, 1000, ScalarType.Float32, true)]
    public void What_tokens_take_is_near_what_is_measured(string size, int sources, int targets, ScalarType type, bool again)
    {
        var config = T5Sizes.Named(size);
        using var start = T5Network.FromSeed(config, 1);
        using var network = start.In(type);
        network.Memory.EnableGradients();
        using var frozen = no_grad();
        network.Memory.Gradients!.fill_(0);
        var examples = Enumerable.Range(0, 50).Select(i => new EncodedExample(
            $"e{i}", new([.. Enumerable.Repeat(7, sources / 50)], [.. Enumerable.Repeat(9, targets / 50)]), null)).ToList();
        var gradient = new PackedGradient(network);
        gradient.Add(examples[..1], new LossShares(1, 1), 1, again);        // whatever the first call makes stays out

        _ = ReturnFreed(0);
        File.WriteAllText("/proc/self/clear_refs", "5");
        var before = Status("VmRSS");
        gradient.Add(examples, new LossShares(1, 1), 1, again);
        var measured = Status("VmHWM") - before;

        var expected = MemoryNeeds.Of(config, new(), type).OfTokens(sources, targets, again);
        TestContext.Current.TestOutputHelper!.WriteLine($"{size} {sources}+{targets} {type} {again}: {measured / 1e6:0} MB measured, {expected / 1e6:0} MB expected, program {before / 1e6:0}");
        network.Memory.Dispose();
        start.Memory.Dispose();
        Assert.InRange(expected / (double)measured, again ? 0.95 : 0.9, again ? 1.25 : 1.1);
    }

    /// <summary>Gives memory that is free inside of the process back to the system, so that taking it again is seen.</summary>
    [DllImport("libc", EntryPoint = "malloc_trim")]
    private static extern int ReturnFreed(nuint kept);

    private static TrainingSection Training(string setting) => setting switch
    {
        "frozen" => new() { Freeze = ["embeddings"] },
        "lora" => new() { Lora = new() { Rank = 8 } },
        _ => new() { Optimizer = setting },
    };

    private static long Status(string name) => long.Parse(
        File.ReadLines("/proc/self/status").First(line => line.StartsWith(name, StringComparison.Ordinal)).Split(':', 'k')[1],
        CultureInfo.InvariantCulture) * 1024;
}
