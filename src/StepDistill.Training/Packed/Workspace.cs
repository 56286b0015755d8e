using System.Numerics;
using StepDistill.Training.Kernels;
using static TorchSharp.torch;

namespace StepDistill.Training.Packed;

/// <summary>Memory of one step's tensors, used again by the next: the system is asked once and not at every step.</summary>
/// <remarks>
/// The C library would hand large blocks back and fetch them anew, a page at a time, or keep them in pieces that nothing
/// fits: a third more memory after ten steps. Not for use by several threads at once.
/// </remarks>
/// <param name="type">Type of all tensors.</param>
internal sealed class Workspace(ScalarType type) : IDisposable
{
    private readonly Dictionary<long, Stack<Tensor>> _free = [];
    private readonly Dictionary<nint, Tensor> _taken = [];
    private readonly HashSet<long> _used = [];

    /// <summary>A tensor of [rows, width]; its numbers are whatever was there.</summary>
    public Tensor Take(long rows, long width)
    {
        var size = Rounded(rows * width);
        _used.Add(size);
        var block = _free.TryGetValue(size, out var free) && free.TryPop(out var used) ? used : New(size);
        _taken.Add(At(block), block);
        using var part = block.narrow(0, 0, rows * width);
        return part.view(rows, width);
    }

    /// <summary>Takes a tensor back.</summary>
    /// <param name="tensor">From <see cref="Take"/>; disposed.</param>
    public void Give(Tensor tensor)
    {
        if (_taken.Remove(At(tensor), out var block))
        {
            Free(block);
        }

        tensor.Dispose();
    }

    /// <summary>Takes back what an unfinished pass left, and frees sizes that were not asked for since the last time.</summary>
    public void Sweep()
    {
        foreach (var block in _taken.Values)
        {
            Free(block);
        }

        _taken.Clear();
        foreach (var (size, blocks) in _free.Where(sizes => !_used.Contains(sizes.Key)).ToList())
        {
            foreach (var block in blocks)
            {
                block.Dispose();
            }

            _free.Remove(size);
        }

        _used.Clear();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _used.Clear();
        Sweep();
    }

    /// <summary>New memory, in exchange for old of sizes that this step has not asked for: batches differ in length.</summary>
    private Tensor New(long size)
    {
        var freed = 0L;
        foreach (var (old, blocks) in _free.Where(sizes => !_used.Contains(sizes.Key)))
        {
            while (freed < size && blocks.TryPop(out var block))
            {
                block.Dispose();
                freed += old;
            }
        }

        return empty(size, type).DetachFromDisposeScope();
    }

    private void Free(Tensor block)
    {
        var size = block.numel();
        if (!_free.TryGetValue(size, out var free))
        {
            _free[size] = free = [];
        }

        free.Push(block);
    }

    /// <summary>Eight sizes between a number and its double.</summary>
    private static long Rounded(long numbers)
    {
        var unit = Math.Max(1024, (long)BitOperations.RoundUpToPowerOf2((ulong)numbers + 1) / 16);
        return (numbers + unit - 1) / unit * unit;
    }

    private unsafe nint At(Tensor tensor) =>
        type == ScalarType.Float32 ? (nint)FlatTensor.Pointer<float>(tensor) : (nint)FlatTensor.Pointer<ushort>(tensor);
}
