using System.Buffers;
using System.Runtime.InteropServices;
using StepDistill.Students.Weights;
using StepDistill.Training.Kernels;
using StepDistill.Training.Models;
using StepDistill.Training.Models.T5;
using StepDistill.Training.Optimization;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace StepDistill.Training.Checkpoints;

/// <summary>What a checkpoint holds: where a training stands, and numbers to be read from wherever they are.</summary>
/// <param name="State">Where the training stands.</param>
/// <param name="OptimizerSteps">Updates that the optimizer has done.</param>
/// <param name="Precision">The type that the network computes in.</param>
/// <param name="Weights">The full-precision weights under their published names.</param>
/// <param name="Moments">What the optimizer remembers, as <c>WEIGHT.NAME</c>.</param>
/// <param name="Adapters">Adapters beside the weights, which hold them merged already; empty where there are none.</param>
internal sealed record CheckpointContent(
    TrainerState State, int OptimizerSteps, ScalarType Precision,
    IReadOnlyList<CheckpointNumbers> Weights, IReadOnlyList<CheckpointNumbers> Moments, IReadOnlyList<CheckpointNumbers> Adapters)
{
    /// <summary>Bytes of all numbers together.</summary>
    public long ByteCount => Weights.Concat(Moments).Concat(Adapters).Sum(numbers => numbers.Tensor.ByteCount);

    /// <summary>The content of a training as it is at the time of reading: it must stand still until then.</summary>
    public static CheckpointContent Of(TrainerState state, T5Network network, Optimizer optimizer)
    {
        var memory = network.Memory;
        return new CheckpointContent(
            state, optimizer.Steps, memory.Values.dtype,
            [.. T5Weights.Of(network).Select(named => OfWeight(memory, named.Name, named.Weight))],
            [.. MomentsOf(network, optimizer).Select(moment => new CheckpointNumbers(moment.Tensor, (first, to) => Copy(moment.Values, first, to)))],
            network.Adapters is not { } adapters ? []
                : [.. adapters.Weights.Select(named => OfWeight(adapters.Memory, named.Name, named.Weight))]);
    }

    /// <summary>What an optimizer remembers, under the names of files.</summary>
    public static IEnumerable<(WeightTensor Tensor, Tensor Values)> MomentsOf(T5Network network, Optimizer optimizer)
    {
        var names = T5Weights.NamesOf(network);
        return optimizer.State.Select(state =>
            (new WeightTensor($"{names[state.Weight]}.{state.Name}", WeightType.F32, state.Values.shape), state.Values));
    }

    private static CheckpointNumbers OfWeight(WeightMemory memory, string name, Parameter weight)
    {
        var placed = memory.Of(weight);
        return new(new WeightTensor(name, WeightType.F32, weight.shape), (first, to) =>
        {
            memory.Read(placed, first, to);
            placed.Weight.Adapter?.MergeInto(first, to);
        });
    }

    private static unsafe void Copy(Tensor values, long first, Span<float> to)
    {
        using var flat = values.view(-1);
        using var part = flat.narrow(0, first, to.Length);
        using var near = part.cpu();
        new ReadOnlySpan<float>(FlatTensor.Pointer<float>(near), to.Length).CopyTo(to);
    }
}

/// <summary>One tensor's numbers.</summary>
/// <param name="Tensor">Its name and shape, float32.</param>
/// <param name="Read">Copies numbers out, from the given first one on.</param>
internal sealed record CheckpointNumbers(WeightTensor Tensor, Action<long, Span<float>> Read)
{
    private const int NumbersAtATime = 1 << 20;

    /// <summary>Writes all numbers.</summary>
    public void Write(Stream stream)
    {
        var room = ArrayPool<float>.Shared.Rent((int)Math.Min(Tensor.Count, NumbersAtATime));
        for (long done = 0; done < Tensor.Count; done += room.Length)
        {
            var numbers = room.AsSpan(0, (int)Math.Min(room.Length, Tensor.Count - done));
            Read(done, numbers);
            stream.Write(MemoryMarshal.AsBytes(numbers));
        }

        ArrayPool<float>.Shared.Return(room);
    }
}
