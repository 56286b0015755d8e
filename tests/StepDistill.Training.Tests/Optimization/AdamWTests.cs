using StepDistill.Training.Optimization;
using static TorchSharp.torch;

namespace StepDistill.Training.Tests.Optimization;

public sealed class AdamWTests
{
    // Worst difference seen over these 20 steps: 2.4e-6, five roundings of weights up to 4; a wrong term shows as 1e-3 or more.
    private const double Tolerance = 5e-6;

    // Lengths around the vector width and the piece length.
    private static readonly long[][] Shapes = [[3], [16, 5], [70_001], [70_000, 3]];

    [Theory]
    [InlineData(ScalarType.Float32, 0)]
    [InlineData(ScalarType.Float32, 0.1)]
    [InlineData(ScalarType.BFloat16, 0)]
    [InlineData(ScalarType.BFloat16, 0.1)]
    public void In_the_library_s_convention_it_equals_the_library(ScalarType type, double weightDecay)
    {
        // Gradients are rounded alike; the weights are full-precision ones also where the network computes in bfloat16.
        using var _ = NewDisposeScope();
        using var ours = new FlatWeights(type, Shapes);
        var theirs = ours.Numbers().Select(numbers => nn.Parameter(numbers)).ToArray();
        using var optimizer = new AdamW(ours.Memory, epsilonBeforeCorrection: false, weightDecay);
        var reference = optim.AdamW(theirs, lr: 0.01, beta1: 0.9, beta2: 0.999, eps: 1e-8, weight_decay: weightDecay);

        for (var step = 0; step < 20; step++)
        {
            ours.SetGradients(step);
            foreach (var (weight, gradient) in theirs.Zip(ours.Gradients()))
            {
                weight.grad = gradient;
            }

            optimizer.Step(0.01);
            reference.step();
        }

        Assert.All(ours.Numbers().Zip(theirs), pair => Assert.InRange((pair.First - pair.Second).abs().max().item<float>(), 0, Tolerance));
        Assert.All(ours.Gradients(), gradient => Assert.Equal(0, gradient.abs().sum().item<float>()));
    }

    [Fact]
    public void The_program_s_convention_adds_epsilon_before_the_correction()
    {
        using var weights = new FlatWeights(ScalarType.Float32, [1]);
        weights.Set(0, 1f);
        weights.Memory.EnableGradients();
        weights.SetGradient(0, 1e-7f);           // small enough for ε to matter
        using var optimizer = new AdamW(weights.Memory, epsilonBeforeCorrection: true, weightDecay: 0.5);
        optimizer.Step(0.1);

        // m = 1e-8, √v = 1e-7 · √0.001; update = rate · √(1 − β₂) / (1 − β₁) · m / (√v + ε), then the decay.
        var updated = 1 - (0.1 * Math.Sqrt(0.001) / 0.1 * 1e-8 / ((1e-7 * Math.Sqrt(0.001)) + 1e-8));
        Assert.Equal(updated * (1 - 0.05), weights.Numbers()[0].item<float>(), 1e-6);
    }

    [Fact]
    public void A_gradient_scale_is_the_same_as_scaled_gradients()
    {
        using var _ = NewDisposeScope();
        using var one = new FlatWeights(ScalarType.Float32, Shapes);
        using var other = new FlatWeights(ScalarType.Float32, Shapes);
        using var first = new AdamW(one.Memory, true);
        using var second = new AdamW(other.Memory, true);
        one.SetGradients(3);
        other.SetGradients(3, scale: 0.25f);

        first.Step(0.01, gradientScale: 0.25);
        second.Step(0.01);

        Assert.All(
            one.Numbers().Zip(other.Numbers()), pair => Assert.InRange((pair.First - pair.Second).abs().max().item<float>(), 0, Tolerance));
    }

    [Fact]
    public void A_frozen_weight_stays_and_costs_no_memory()
    {
        using var _ = NewDisposeScope();
        using var weights = new FlatWeights(ScalarType.Float32, [40], [50], [60], [70]);
        weights.Memory.Weights[1].Weight.requires_grad = false;
        var before = weights.Numbers();
        using var optimizer = new AdamW(weights.Memory, true);
        weights.SetGradients(1);
        optimizer.Step(0.1);

        var changed = weights.Numbers().Zip(before, (after, was) => (after - was).abs().max().item<float>() > 0);
        Assert.Equal([true, false, true, true], changed);
        Assert.Equal(2 * (40 + 60 + 70), optimizer.State.Sum(state => state.Values.numel()));
    }

    [Theory]
    [InlineData(ScalarType.Float32)]
    [InlineData(ScalarType.BFloat16)]
    public void The_norm_is_that_of_all_gradients_together(ScalarType type)
    {
        using var _ = NewDisposeScope();
        using var weights = new FlatWeights(type, Shapes);
        using var optimizer = new AdamW(weights.Memory, true);
        weights.SetGradients(1);
        var expected = Math.Sqrt(weights.Gradients().Sum(g => g.to_type(ScalarType.Float64).square().sum().item<double>()));

        Assert.Equal(expected, optimizer.GradientNorm(), expected * 1e-7);
    }

    [Fact]
    public void Gradients_are_scaled_down_to_the_limit_and_never_up()
    {
        Assert.Equal(0.5, GradientNorm.Scale(2, 1), 1e-6);
        Assert.Equal(1, GradientNorm.Scale(0.3, 1));
        Assert.Equal(1, GradientNorm.Scale(2000, 0));
    }
}
