namespace StepDistill.Batches;

/// <summary>In which order a training run sees its examples: a pure function of seed, number of examples and step.</summary>
/// <remarks>
/// Every epoch visits each example once, in an order of its own; an epoch's last batch may be smaller. As nothing
/// else is needed to know any step's batch, a resumed run needs no state from before.
/// </remarks>
public abstract class BatchOrder
{
    private readonly int _examples;
    private readonly int _batchSize;
    private int[]? _permutation;
    private int _epoch = -1;

    private protected BatchOrder(int examples, int batchSize)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(examples, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(batchSize, 1);
        _examples = examples;
        _batchSize = batchSize;
    }

    /// <summary>Steps that visit every example once.</summary>
    public int StepsPerEpoch => (_examples + _batchSize - 1) / _batchSize;

    /// <summary>The examples of one step.</summary>
    /// <param name="step">The step, from 0.</param>
    /// <returns>Numbers in [0, examples).</returns>
    public ReadOnlySpan<int> Batch(int step)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(step);
        var epoch = step / StepsPerEpoch;
        if (epoch != _epoch)
        {
            _permutation = Epoch(epoch, _examples);
            _epoch = epoch;
        }

        var start = step % StepsPerEpoch * _batchSize;
        return _permutation.AsSpan(start, Math.Min(_batchSize, _examples - start));
    }

    private protected abstract int[] Epoch(int epoch, int examples);
}

/// <summary>Our own order: each epoch shuffled by seed and epoch, the same on every machine.</summary>
/// <param name="examples">How many examples there are.</param>
/// <param name="batchSize">Examples a step.</param>
/// <param name="seed">Decides the order.</param>
public sealed class ShuffledOrder(int examples, int batchSize, int seed) : BatchOrder(examples, batchSize)
{
    private protected override int[] Epoch(int epoch, int examples)
    {
        var random = new SplitMix64(((ulong)(uint)seed << 32) | (uint)epoch);
        var order = Enumerable.Range(0, examples).ToArray();
        random.Shuffle(order.AsSpan());
        return order;
    }
}
