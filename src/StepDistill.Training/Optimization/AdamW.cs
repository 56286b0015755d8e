using System.Runtime.Intrinsics;
using StepDistill.Training.Kernels;
using StepDistill.Training.Models;
using static TorchSharp.torch;

namespace StepDistill.Training.Optimization;

/// <summary>Adam with decoupled weight decay, in one pass over memory.</summary>
/// <remarks>
/// Loshchilov and Hutter 2019, https://arxiv.org/abs/1711.05101. Two conventions differ in where ε goes: Hugging
/// Face's own <c>AdamW</c>, which the paper's program uses, adds it to √v before v's bias correction;
/// <c>torch.optim.AdamW</c> after it. With the default ε = 1e-8 the first is a √(1 − β₂ᵗ) times smaller ε. In both,
/// weight decay multiplies the weights by 1 − rate·decay: Hugging Face after the update, PyTorch before it.
/// Clipping, the bfloat16 weights and zeroing the gradients are part of the same pass.
/// </remarks>
public sealed unsafe class AdamW : Optimizer
{
    private const double Beta1 = 0.9;
    private const double Beta2 = 0.999;
    private const double Epsilon = 1e-8;

    private readonly bool _epsilonBeforeCorrection;
    private readonly double _weightDecay;
    private readonly Tensor _first;         // [weights that learn], running means of the gradients
    private readonly Tensor _second;        // of the squared gradients

    /// <summary>Creates the optimizer with moments of zero.</summary>
    /// <param name="memory">The weights it updates.</param>
    /// <param name="epsilonBeforeCorrection">True for Hugging Face's convention, false for PyTorch's.</param>
    /// <param name="weightDecay">Decay of the weights per unit of learning rate.</param>
    internal AdamW(WeightMemory memory, bool epsilonBeforeCorrection, double weightDecay = 0) : base(memory)
    {
        using var scope = NewDisposeScope();
        _epsilonBeforeCorrection = epsilonBeforeCorrection;
        _weightDecay = weightDecay;
        var length = memory.Gradients!.numel();
        _first = zeros(length, ScalarType.Float32, memory.Values.device).DetachFromDisposeScope();
        _second = zeros(length, ScalarType.Float32, memory.Values.device).DetachFromDisposeScope();
        State =
        [
            .. from placed in memory.Weights
               where placed.Weight.requires_grad
               let start = memory.PlaceOfGradient(placed.Start)
               from moment in new[] { (Name: "first_moment", Values: _first), (Name: "second_moment", Values: _second) }
               select new OptimizerState(
                   placed.Weight, moment.Name,
                   moment.Values.narrow(0, start, placed.Length).view(placed.Weight.shape).DetachFromDisposeScope()),
        ];
    }

    /// <inheritdoc/>
    internal override IReadOnlyList<OptimizerState> State { get; }

    private protected override void Release()
    {
        _first.Dispose();
        _second.Dispose();
    }

    private protected override void Update(double learningRate, double gradientScale)
    {
        var firstCorrection = 1 - Math.Pow(Beta1, Steps);
        var rootCorrection = Math.Sqrt(1 - Math.Pow(Beta2, Steps));

        // Both conventions are p -= rate · m / (√v + ε): they differ in rate and ε.
        var rate = learningRate * rootCorrection / firstCorrection;
        var epsilon = _epsilonBeforeCorrection ? Epsilon : Epsilon * rootCorrection;
        var kept = 1 - (learningRate * _weightDecay);
        if (Memory.Values.device_type != TorchSharp.DeviceType.CPU)
        {
            UpdateByLibrary(rate, epsilon, kept, gradientScale);
        }
        else if (Memory.Rests is null)
        {
            Update<float, Float32, FullFloat32>((float)rate, (float)epsilon, (float)kept, (float)gradientScale);
        }
        else
        {
            Update<ushort, BFloat16, RoundedAndRest>((float)rate, (float)epsilon, (float)kept, (float)gradientScale);
        }
    }

    private void Update<T, TElement, TWeight>(float rate, float epsilon, float kept, float scale)
        where T : unmanaged
        where TElement : IElement<T>
        where TWeight : IFullWeight<T>
    {
        var weights = FlatTensor.Pointer<T>(Memory.Values);
        var rests = Memory.Rests is null ? null : FlatTensor.Pointer<ushort>(Memory.Rests);
        var gradients = FlatTensor.Pointer<T>(Memory.Gradients!);
        var first = FlatTensor.Pointer<float>(_first);
        var second = FlatTensor.Pointer<float>(_second);
        ForEachPiece((at, place, count) =>
        {
            for (var i = 0; i < count; i += Element.Lanes)
            {
                var left = count - i;
                var g = Element.Load<T, TElement>(gradients + place + i, left) * scale;
                var weight = TWeight.Load(weights, rests, at + i, left);
                weight = Next(weight, g, first + place + i, second + place + i, left, rate, epsilon, kept);
                TWeight.Store(weights, rests, at + i, weight, left);
                Element.Store<T, TElement>(gradients + place + i, Vector512<float>.Zero, left);
            }
        });
    }

    /// <summary>The update itself, of 16 weights.</summary>
    private Vector512<float> Next(
        Vector512<float> weight, Vector512<float> g, float* first, float* second, int left, float rate, float epsilon, float kept)
    {
        var m = (Element.Load<float, Float32>(first, left) * (float)Beta1) + (g * (float)(1 - Beta1));
        var v = (Element.Load<float, Float32>(second, left) * (float)Beta2) + (g * g * (float)(1 - Beta2));
        Element.Store<float, Float32>(first, m, left);
        Element.Store<float, Float32>(second, v, left);
        var change = m * rate / (Vector512.Sqrt(v) + Vector512.Create(epsilon));
        return _epsilonBeforeCorrection ? (weight - change) * kept : (weight * kept) - change;
    }

    /// <summary>The same by the library's operations, for devices that are not processors.</summary>
    private void UpdateByLibrary(double rate, double epsilon, double kept, double scale)
    {
        foreach (var (at, length, place) in Memory.Learning)
        {
            using var scope = NewDisposeScope();
            var gradient = Memory.Gradients!.narrow(0, place, length);
            var g = gradient.to_type(ScalarType.Float32) * scale;
            var m = _first.narrow(0, place, length).mul_(Beta1).add_(g, alpha: 1 - Beta1);
            var v = _second.narrow(0, place, length).mul_(Beta2).addcmul_(g, g, value: 1 - Beta2);
            var change = m / (v.sqrt() + epsilon) * rate;
            var weight = (Memory.Masters ?? Memory.Values).narrow(0, at, length);
            _ = _epsilonBeforeCorrection ? weight.sub_(change).mul_(kept) : weight.mul_(kept).sub_(change);
            if (Memory.Masters is not null)
            {
                Memory.Values.narrow(0, at, length).copy_(weight);
            }

            gradient.zero_();
        }
    }
}
