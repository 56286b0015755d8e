// What the decoder keeps between steps, so that each step computes one token only. Letters as in T5Layers.cs;
// R texts are being written at once: one for each of B inputs, or as many as there are beams, standing together.

using static TorchSharp.torch;

namespace StepDistill.Training.Models.T5;

/// <summary>Keys and values of one decoder block.</summary>
/// <param name="crossKeys">[B, H, K, A], of the encoded input; owned by this object from now on.</param>
/// <param name="crossValues">[B, H, K, A]</param>
internal sealed class T5BlockMemory(Tensor crossKeys, Tensor crossValues) : IDisposable
{
    private const int FirstCapacity = 16;

    private Tensor? keys;       // [R, H, capacity, A], filled up to length
    private Tensor? values;
    private long length;

    /// <summary>[B, H, K, A]</summary>
    public Tensor CrossKeys { get; private set; } = crossKeys;

    /// <summary>[B, H, K, A]</summary>
    public Tensor CrossValues { get; private set; } = crossValues;

    /// <summary>Adds a token and gives all keys and values so far.</summary>
    /// <param name="newKeys">[R, H, 1, A]</param>
    /// <param name="newValues">[R, H, 1, A]</param>
    /// <returns>[R, H, length, A] each; views that the next call overwrites.</returns>
    public (Tensor Keys, Tensor Values) Append(Tensor newKeys, Tensor newValues)
    {
        using var scope = NewDisposeScope();
        keys = WithRoom(keys, newKeys);
        values = WithRoom(values, newValues);
        keys.narrow(2, length, 1).copy_(newKeys);
        values.narrow(2, length, 1).copy_(newValues);
        length++;
        return (
            keys.narrow(2, 0, length).MoveToOuterDisposeScope(), values.narrow(2, 0, length).MoveToOuterDisposeScope());
    }

    /// <summary>Goes on with some of the texts, in a new order.</summary>
    /// <param name="texts">[R'] int64, which texts.</param>
    /// <param name="inputs">[B'] int64, which inputs; null for all of them.</param>
    public void Select(Tensor texts, Tensor? inputs)
    {
        using var scope = NewDisposeScope();
        keys = Replace(keys!, texts);
        values = Replace(values!, texts);
        if (inputs is not null)
        {
            CrossKeys = Replace(CrossKeys, inputs);
            CrossValues = Replace(CrossValues, inputs);
        }
    }

    public void Dispose()
    {
        keys?.Dispose();
        values?.Dispose();
        CrossKeys.Dispose();
        CrossValues.Dispose();
    }

    /// <summary>Room grows by doubling, so that a text of n tokens is copied log n times and not n times.</summary>
    private Tensor WithRoom(Tensor? filled, Tensor next)
    {
        if (filled is not null && length < filled.size(2))
        {
            return filled;
        }

        var capacity = Math.Max(FirstCapacity, length * 2);
        var roomy = empty([next.size(0), next.size(1), capacity, next.size(3)], next.dtype, next.device);
        if (filled is not null)
        {
            roomy.narrow(2, 0, length).copy_(filled);
            filled.Dispose();
        }

        return roomy.DetachFromDisposeScope();
    }

    private static Tensor Replace(Tensor old, Tensor rows)
    {
        var selected = old.index_select(0, rows).DetachFromDisposeScope();
        old.Dispose();
        return selected;
    }
}

/// <summary>Keys and values of all decoder blocks, and the mask of the inputs.</summary>
/// <param name="blocks">One for each block; owned by this object from now on.</param>
/// <param name="crossBias">[B, 1, 1, K]</param>
internal sealed class T5Memory(IReadOnlyList<T5BlockMemory> blocks, Tensor crossBias) : IDisposable
{
    public IReadOnlyList<T5BlockMemory> Blocks { get; } = blocks;

    /// <summary>[B, 1, 1, K]</summary>
    public Tensor CrossBias { get; private set; } = crossBias;

    /// <summary>Goes on with some of the texts, in a new order.</summary>
    /// <param name="texts">Which texts.</param>
    /// <param name="inputs">Which inputs, if not all of them.</param>
    public void Select(long[] texts, long[]? inputs)
    {
        using var scope = NewDisposeScope();
        var textRows = tensor(texts, device: CrossBias.device);
        var inputRows = inputs is null ? null : tensor(inputs, device: CrossBias.device);
        foreach (var block in Blocks)
        {
            block.Select(textRows, inputRows);
        }

        if (inputRows is not null)
        {
            var selected = CrossBias.index_select(0, inputRows).DetachFromDisposeScope();
            CrossBias.Dispose();
            CrossBias = selected;
        }
    }

    public void Dispose()
    {
        foreach (var block in Blocks)
        {
            block.Dispose();
        }

        CrossBias.Dispose();
    }
}
