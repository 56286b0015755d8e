using System.Buffers;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using StepDistill.Training.Kernels;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace StepDistill.Training.Models;

/// <summary>All weights of a network in one stretch of memory, all gradients in another: one pass reads them all.</summary>
/// <remarks>
/// Weights that a network computes with in bfloat16 keep the rest of their float32 value beside them: the bfloat16 number
/// is the float32 one rounded, and its lower 16 bits say what was rounded off. So a full-precision weight costs four
/// bytes and not six, and nothing can get out of step. Elsewhere than on a processor the float32 values stand in a memory
/// of their own. Gradients have the type of the weights.
/// </remarks>
internal sealed unsafe class WeightMemory : IDisposable
{
    /// <summary>Numbers that are copied at a time.</summary>
    public const int Piece = 1 << 20;

    private readonly List<Placed> _placed = [];
    private readonly List<JoinedWeights> _joined = [];
    private long _taken;

    /// <summary>Reserves memory; nothing is in it yet.</summary>
    /// <param name="length">Numbers of all weights together.</param>
    /// <param name="type">float32 or bfloat16: what the network computes with.</param>
    /// <param name="device">Where.</param>
    public WeightMemory(long length, ScalarType type, Device device)
    {
        Values = empty(length, type, device).DetachFromDisposeScope();
        if (type == ScalarType.BFloat16 && device.type == TorchSharp.DeviceType.CPU)
        {
            Rests = zeros(length, ScalarType.Int16, device).DetachFromDisposeScope();
        }
        else if (type == ScalarType.BFloat16)
        {
            Masters = zeros(length, ScalarType.Float32, device).DetachFromDisposeScope();
        }
    }

    /// <summary>[N], what the network computes with.</summary>
    public Tensor Values { get; }

    /// <summary>[N] int16: the lower halves of the float32 weights; null but for bfloat16 on a processor.</summary>
    public Tensor? Rests { get; }

    /// <summary>[N] float32 weights; null but for bfloat16 elsewhere than on a processor.</summary>
    public Tensor? Masters { get; }

    /// <summary>[numbers that learn], zeros between two steps; null until <see cref="EnableGradients"/>.</summary>
    public Tensor? Gradients { get; private set; }

    /// <summary>Stretches of weights that learn; empty until <see cref="EnableGradients"/>.</summary>
    public IReadOnlyList<LearningRange> Learning { get; private set; } = [];

    /// <summary>How many numbers learn.</summary>
    public long LearningCount => _placed.Where(placed => placed.Weight.requires_grad).Sum(placed => placed.Length);

    /// <summary>The weights in the order of their memory.</summary>
    public IReadOnlyList<Placed> Weights => _placed;

    /// <summary>The next piece of the memory as a weight.</summary>
    /// <param name="shape">Its shape.</param>
    public Weight Take(params long[] shape)
    {
        var length = shape.Aggregate(1L, (product, size) => product * size);
        using var piece = Values.narrow(0, _taken, length);
        var weight = new Weight(piece.view(shape));
        _placed.Add(new Placed(weight, _taken, length));
        _taken += length;
        return weight;
    }

    /// <summary>Several weights that stand one after the other, as one taller matrix; or one weight as it is.</summary>
    /// <param name="weights">Matrices of the same width, taken in this order.</param>
    public JoinedWeights Join(params Weight[] weights)
    {
        var places = weights.Select(weight => _placed.FindIndex(placed => ReferenceEquals(placed.Weight, weight))).ToArray();
        if (places.Where((place, i) => place != places[0] + i).Any())
        {
            throw new ArgumentException("Only weights that were taken one after the other can be joined.", nameof(weights));
        }

        _joined.Add(new JoinedWeights(this, weights, _placed[places[0]].Start, _placed[places[^1]].End));
        return _joined[^1];
    }

    /// <summary>Makes room for gradients and shows each weight its own.</summary>
    /// <remarks>Frozen weights get none and take no memory, so freeze them before.</remarks>
    public void EnableGradients()
    {
        if (Gradients is not null)
        {
            return;
        }

        using var scope = NewDisposeScope();
        Learning = [.. RangesThatLearn()];
        var length = Learning.Sum(range => range.Length);
        Gradients = zeros(length, Values.dtype, Values.device).DetachFromDisposeScope();
        foreach (var (weight, start, count) in _placed.Where(placed => placed.Weight.requires_grad))
        {
            weight.grad = GradientsOf(start, count).view(weight.shape);
        }
    }

    /// <summary>The gradients of neighbouring weights that learn.</summary>
    /// <param name="start">The first weight's first number.</param>
    /// <param name="length">How many numbers.</param>
    public Tensor GradientsOf(long start, long length) => Gradients!.narrow(0, PlaceOfGradient(start), length);

    /// <summary>Where a number's gradient is, and whatever else is kept for each number that learns.</summary>
    /// <param name="weight">The number's place among the weights.</param>
    public long PlaceOfGradient(long weight)
    {
        var range = Learning.First(range => weight >= range.Weight && weight < range.Weight + range.Length);
        return range.Place + weight - range.Weight;
    }

    /// <summary>Copies some of a weight's full-precision numbers out.</summary>
    /// <param name="placed">The weight.</param>
    /// <param name="first">The first number.</param>
    /// <param name="into">Where they go.</param>
    public void Read(Placed placed, long first, Span<float> into)
    {
        var start = placed.Start + first;
        if (Rests is null && Values.device_type == TorchSharp.DeviceType.CPU)
        {
            new ReadOnlySpan<float>(FlatTensor.Pointer<float>(Values) + start, into.Length).CopyTo(into);
            return;
        }

        if (Rests is null)
        {
            using var part = (Masters ?? Values).narrow(0, start, into.Length);
            using var copy = part.cpu();
            new ReadOnlySpan<float>(FlatTensor.Pointer<float>(copy), into.Length).CopyTo(into);
            return;
        }

        var values = FlatTensor.Pointer<ushort>(Values) + start;
        var rests = FlatTensor.Pointer<ushort>(Rests) + start;
        for (var i = 0; i < into.Length; i++)
        {
            into[i] = BitConverter.UInt32BitsToSingle((((uint)values[i] - ((uint)rests[i] >> 15)) << 16) | rests[i]);
        }
    }

    /// <summary>Writes a weight's full-precision numbers, little-endian.</summary>
    /// <param name="stream">Where they go.</param>
    /// <param name="placed">The weight.</param>
    /// <param name="change">Changes numbers on their way, given the first one's place in the weight; may be null.</param>
    public void CopyTo(Stream stream, Placed placed, Action<long, Span<float>>? change = null)
    {
        var piece = ArrayPool<float>.Shared.Rent(Piece);
        for (long done = 0; done < placed.Length; done += Piece)
        {
            var numbers = piece.AsSpan(0, (int)Math.Min(Piece, placed.Length - done));
            Read(placed, done, numbers);
            change?.Invoke(done, numbers);
            stream.Write(MemoryMarshal.AsBytes(numbers));
        }

        ArrayPool<float>.Shared.Return(piece);
    }

    /// <summary>Sets some of a weight's numbers.</summary>
    /// <param name="placed">The weight.</param>
    /// <param name="first">The first number to set.</param>
    /// <param name="from">The numbers.</param>
    public void Write(Placed placed, long first, ReadOnlySpan<float> from)
    {
        var start = placed.Start + first;
        if (Rests is null && Values.device_type == TorchSharp.DeviceType.CPU)
        {
            from.CopyTo(new Span<float>(FlatTensor.Pointer<float>(Values) + start, from.Length));
            return;
        }

        if (Rests is null)
        {
            using var frozen = no_grad();
            using var numbers = tensor(from.ToArray());
            using var masters = Masters?.narrow(0, start, from.Length);
            using var values = Values.narrow(0, start, from.Length);
            masters?.copy_(numbers);
            values.copy_(numbers);
            return;
        }

        var rounded = FlatTensor.Pointer<ushort>(Values) + start;
        var rests = FlatTensor.Pointer<ushort>(Rests) + start;
        for (var i = 0; i < from.Length; i++)
        {
            var bits = BitConverter.SingleToUInt32Bits(from[i]);
            rounded[i] = (ushort)((bits + 0x8000) >> 16);
            rests[i] = (ushort)bits;
        }
    }

    /// <summary>A weight's place.</summary>
    public Placed Of(Parameter weight) => _placed.Find(placed => ReferenceEquals(placed.Weight, weight))
        ?? throw new ArgumentException("This memory does not hold that weight.", nameof(weight));

    /// <inheritdoc/>
    public void Dispose()
    {
        _joined.ForEach(joined => joined.Dispose());
        Values.Dispose();
        Rests?.Dispose();
        Masters?.Dispose();
        Gradients?.Dispose();
    }

    /// <summary>The full-precision value of 16 weights.</summary>
    /// <param name="value">Their bfloat16 numbers: rounded, halves away from zero.</param>
    /// <param name="rest">Their lower halves.</param>
    public static Vector512<float> Whole(Vector512<uint> value, Vector512<uint> rest) =>
        (((value - (rest >>> 15)) << 16) | rest).AsSingle();

    /// <summary>Weights that learn, neighbours joined.</summary>
    private IEnumerable<LearningRange> RangesThatLearn()
    {
        long place = 0;
        LearningRange? open = null;
        foreach (var placed in _placed.Where(placed => placed.Weight.requires_grad))
        {
            if (open is not null && open.Weight + open.Length == placed.Start)
            {
                open = open with { Length = open.Length + placed.Length };
                continue;
            }

            if (open is not null)
            {
                yield return open;
                place += open.Length;
            }

            open = new(placed.Start, placed.Length, place);
        }

        if (open is not null)
        {
            yield return open;
        }
    }

    /// <summary>A stretch of weights that learn.</summary>
    /// <param name="Weight">Its first number among all weights.</param>
    /// <param name="Length">How many numbers it has.</param>
    /// <param name="Place">Its first number among those that learn: where gradients and moments of it begin.</param>
    public sealed record LearningRange(long Weight, long Length, long Place);

    /// <summary>A weight and its place.</summary>
    /// <param name="Weight">The weight.</param>
    /// <param name="Start">Its first number.</param>
    /// <param name="Length">How many numbers it has.</param>
    public sealed record Placed(Weight Weight, long Start, long Length)
    {
        /// <summary>The number after its last one.</summary>
        public long End => Start + Length;
    }
}

/// <summary>Neighbouring weights as one matrix: one product instead of several.</summary>
internal sealed class JoinedWeights(WeightMemory memory, Weight[] parts, long start, long end) : IDisposable
{
    private readonly long _width = parts[0].shape[^1];
    private Tensor? _value;
    private Tensor? _gradient;

    /// <summary>[rows of all, width]</summary>
    public Tensor Value => _value ??= memory.Values.narrow(0, start, end - start).view(-1, _width).DetachFromDisposeScope();

    /// <summary>Its gradient, of the same shape.</summary>
    public Tensor Gradient => _gradient ??= memory.GradientsOf(start, end - start).view(-1, _width).DetachFromDisposeScope();

    /// <summary>Whether its gradient is wanted; weights are frozen together.</summary>
    public bool Learns => parts[0].requires_grad;

    /// <summary>Adapters beside its parts, and which of its rows each adds to.</summary>
    public IEnumerable<(LowRankAdapter Adapter, long FirstRow, long Rows)> Adapters
    {
        get
        {
            var row = 0L;
            foreach (var part in parts)
            {
                var rows = part.size(0);
                if (part.Adapter is { } adapter)
                {
                    yield return (adapter, row, rows);
                }

                row += rows;
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _value?.Dispose();
        _gradient?.Dispose();
    }
}
