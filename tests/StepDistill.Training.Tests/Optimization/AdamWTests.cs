using StepDistill.Training.Optimization;
using Parameter = TorchSharp.Modules.Parameter;
using static TorchSharp.torch;

namespace StepDistill.Training.Tests.Optimization;

public sealed class AdamWTests
{
    // Worst difference seen over these 20 steps: 2.4e-6, five roundings of weights up to 4; a wrong term shows as 1e-3 or more.
    private const double Tolerance = 5e-6;

    [Theory]
    [InlineData(0)]
    [InlineData(0.1)]
    public void In_the_library_s_convention_it_equals_the_library(double weightDecay)
    {
        using var _ = NewDisposeScope();
        var (ours, theirs) = Twins();
        var optimizer = new AdamW([.. ours], epsilonBeforeCorrection: false, weightDecay);
        var reference = optim.AdamW(theirs, lr: 0.01, beta1: 0.9, beta2: 0.999, eps: 1e-8, weight_decay: weightDecay);

        for (var step = 0; step < 20; step++)
        {
            SetGradients(step, ours, theirs);
            optimizer.Step(0.01);
            reference.step();
        }

        Assert.All(ours.Zip(theirs), pair => Assert.InRange((pair.First - pair.Second).abs().max().item<float>(), 0, Tolerance));
    }

    [Fact]
    public void The_program_s_convention_adds_epsilon_before_the_correction()
    {
        using var _ = NewDisposeScope();
        var parameter = New(tensor(new[] { 1f }));
        parameter.grad = tensor(new[] { 1e-7f });           // small enough for ε to matter
        new AdamW([parameter], epsilonBeforeCorrection: true, weightDecay: 0.5).Step(0.1);

        // m = 1e-8, √v = 1e-7 · √0.001; update = rate · √(1 − β₂) / (1 − β₁) · m / (√v + ε), then the decay.
        var updated = 1 - (0.1 * Math.Sqrt(0.001) / 0.1 * 1e-8 / ((1e-7 * Math.Sqrt(0.001)) + 1e-8));
        Assert.Equal(updated * (1 - 0.05), parameter.item<float>(), 1e-6);
    }

    [Fact]
    public void A_gradient_scale_is_the_same_as_scaled_gradients()
    {
        using var _ = NewDisposeScope();
        var (one, other) = Twins();
        SetGradients(3, one, one);
        foreach (var (a, b) in one.Zip(other))
        {
            b.grad = a.grad! * 0.25;
        }

        new AdamW([.. one], true).Step(0.01, gradientScale: 0.25);
        new AdamW([.. other], true).Step(0.01);

        Assert.All(one.Zip(other), pair => Assert.InRange((pair.First - pair.Second).abs().max().item<float>(), 0, Tolerance));
    }

    [Fact]
    public void The_norm_is_that_of_all_gradients_together()
    {
        using var _ = NewDisposeScope();
        var (parameters, _) = Twins();
        SetGradients(1, parameters, parameters);
        var expected = Math.Sqrt(parameters.Sum(p => p.grad!.to_type(ScalarType.Float64).square().sum().item<double>()));

        Assert.Equal(expected, GradientNorm.Of([.. parameters]), expected * 1e-10);
        Assert.Equal(0.5, GradientNorm.Scale(2, 1), 1e-6);
        Assert.Equal(1, GradientNorm.Scale(0.3, 1));
        Assert.Equal(1, GradientNorm.Scale(2000, 0));
    }

    // Lengths around the vector width and the piece length.
    private static (Parameter[] One, Parameter[] Other) Twins()
    {
        random.manual_seed(1);
        Tensor[] values = [randn(3), randn(16, 5), randn(70_001), randn(70_000, 3)];
        return ([.. values.Select(v => New(v.clone()))], [.. values.Select(v => New(v.clone()))]);
    }

    private static void SetGradients(int seed, Parameter[] one, Parameter[] other)
    {
        random.manual_seed(seed);
        foreach (var (a, b) in one.Zip(other))
        {
            a.grad = randn(a.shape);
            b.grad = a.grad.clone();
        }
    }

    private static Parameter New(Tensor value) => nn.Parameter(value);
}
