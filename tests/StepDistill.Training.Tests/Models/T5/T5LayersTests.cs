using System.Text.Json;
using StepDistill.Students;
using StepDistill.Training.Models;
using StepDistill.Training.Models.T5;
using static TorchSharp.torch;

namespace StepDistill.Training.Tests.Models.T5;

public sealed class T5LayersTests
{
    private static readonly T5Config One = TinyNetworks.Gated with { Width = 1, FeedForwardWidth = 1, DropoutRate = 0 };

    [Theory]
    [InlineData(0, true, 0)]
    [InlineData(-7, true, 7)]
    [InlineData(-8, true, 8)]
    [InlineData(-1000, true, 15)]
    [InlineData(1, true, 17)]
    [InlineData(1000, true, 31)]
    [InlineData(5, false, 0)]
    [InlineData(-15, false, 15)]
    [InlineData(-16, false, 16)]
    [InlineData(-64, false, 26)]
    [InlineData(-1000, false, 31)]
    public void Distances_fall_into_the_buckets_of_the_reference(long distance, bool bothDirections, long bucket)
    {
        using var _ = NewDisposeScope();

        Assert.Equal(bucket, T5PositionBias.Bucket(tensor(distance), bothDirections, 32, 128).item<long>());
    }

    [Theory]
    [InlineData("bidirectional_32_128", true)]
    [InlineData("causal_32_128", false)]
    public void Every_distance_falls_into_the_published_program_s_bucket(string name, bool bothDirections)
    {
        using var _ = NewDisposeScope();
        var file = Shared.Path("golden/relative_position_buckets.json");
        var json = JsonDocument.Parse(File.ReadAllText(file)).RootElement;
        var expected = json.GetProperty(name).Deserialize<long[]>()!;

        var buckets = T5PositionBias.Bucket(arange(-200, 201), bothDirections, 32, 128);

        Assert.Equal(expected, buckets.data<long>().ToArray());
    }

    [Fact]
    public void The_last_positions_see_the_others_as_they_do_among_all()
    {
        using var _ = NewDisposeScope();
        using var positions = new T5PositionBias(TinyNetworks.Gated, bothDirections: false, new WeightMemory(10_000, ScalarType.Float32, CPU));
        using (no_grad())
        {
            positions.Initialize(1, 24, new Generator(1));
        }

        var all = positions.forward(9, 9);
        var last = positions.forward(2, 9);

        Assert.Equal([1, 3, 2, 9], last.shape);
        Assert.Equal(all[.., .., 7.., ..].flatten().data<float>(), last.flatten().data<float>());
    }

    [Fact]
    public void Vectors_are_scaled_to_unit_mean_square_and_keep_their_mean()
    {
        using var _ = NewDisposeScope();
        using var norm = new T5Norm(One with { Width = 2, NormEpsilon = 0 }, new WeightMemory(10_000, ScalarType.Float32, CPU));
        using (no_grad())
        {
            norm.Initialize(2);
        }

        var normed = norm.forward(tensor(new float[] { 3, 4 })).data<float>().ToArray();

        Assert.Equal(2 * 3 / Math.Sqrt(12.5), normed[0], 1e-6);
        Assert.Equal(2 * 4 / Math.Sqrt(12.5), normed[1], 1e-6);
    }

    [Theory]
    [InlineData(-3)]
    [InlineData(-0.7)]
    [InlineData(0.1)]
    [InlineData(2.5)]
    public void The_gate_is_the_tanh_form_of_gelu(double x)
    {
        var gelu = 0.5 * x * (1 + Math.Tanh(Math.Sqrt(2 / Math.PI) * (x + (0.044715 * x * x * x))));

        Assert.Equal(gelu * x, FeedForward(T5FeedForwardKind.GatedGelu, x), 1e-6);
    }

    [Fact]
    public void The_gate_is_the_published_program_s()
    {
        var json = JsonDocument.Parse(File.ReadAllText(Shared.Path("golden/gelu_new.json"))).RootElement;
        var values = json.GetProperty("gelu_new").Deserialize<double[]>()!;
        var points = json.GetProperty("x").Deserialize<double[]>()!.Zip(values).ToList();

        Assert.NotEmpty(points);
        Assert.All(points, point =>
        {
            var (x, gelu) = point;
            Assert.Equal(gelu * x, FeedForward(T5FeedForwardKind.GatedGelu, x), 1e-6 * Math.Max(1, x * x));
        });
    }

    [Theory]
    [InlineData(-3)]
    [InlineData(2.5)]
    public void The_other_forms_are_silu_and_relu(double x)
    {
        Assert.Equal(x * x / (1 + Math.Exp(-x)), FeedForward(T5FeedForwardKind.GatedSilu, x), 1e-6);
        Assert.Equal(Math.Max(0, x), FeedForward(T5FeedForwardKind.Relu, x), 1e-6);
    }

    /// <summary>What a feed-forward part with all weights 1 makes of a number.</summary>
    private static double FeedForward(T5FeedForwardKind kind, double x)
    {
        using var scope = NewDisposeScope();
        using var frozen = no_grad();
        using var part = T5FeedForward.Create(One with { FeedForward = kind }, new WeightMemory(10_000, ScalarType.Float32, CPU));
        foreach (var weight in part.parameters())
        {
            weight.fill_(1);
        }

        return part.forward(tensor(new[] { (float)x }).view(1, 1, 1)).item<float>();
    }
}
