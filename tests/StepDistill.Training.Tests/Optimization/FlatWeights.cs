using StepDistill.Training.Models;
using static TorchSharp.torch;

namespace StepDistill.Training.Tests.Optimization;

/// <summary>Random weights of some shapes in one memory, without a network.</summary>
internal sealed class FlatWeights : IDisposable
{
    public FlatWeights(ScalarType type, params long[][] shapes)
    {
        Memory = new WeightMemory(shapes.Sum(shape => shape.Aggregate(1L, (a, b) => a * b)), type, CPU);
        random.manual_seed(1);
        foreach (var shape in shapes)
        {
            Memory.Take(shape);
            using var numbers = randn(shape);
            Memory.Write(Memory.Weights[^1], 0, numbers.data<float>().ToArray());
        }
    }

    public WeightMemory Memory { get; }

    /// <summary>The weights in full precision.</summary>
    public Tensor[] Numbers() => [.. Memory.Weights.Select(placed =>
    {
        var numbers = new float[placed.Length];
        Memory.Read(placed, 0, numbers);
        return tensor(numbers, placed.Weight.shape);
    })];

    /// <summary>The gradients as float32.</summary>
    public Tensor[] Gradients() => [.. Memory.Weights.Select(placed => placed.Weight.grad!.to_type(ScalarType.Float32).clone())];

    public void SetGradients(int seed, float scale = 1)
    {
        using var frozen = no_grad();
        random.manual_seed(seed);
        Memory.Gradients!.copy_(randn(Memory.Gradients.shape) * scale);
    }

    public void SetGradient(int weight, float value)
    {
        using var frozen = no_grad();
        Memory.Weights[weight].Weight.grad!.fill_(value);
    }

    public void Set(int weight, float value) => Memory.Write(Memory.Weights[weight], 0, [value]);

    public void Dispose() => Memory.Dispose();
}
