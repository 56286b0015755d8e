using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace StepDistill.Training.Kernels;

/// <summary>T5's relative positions: a bias for each head and distance, shared by all sequences and blocks of a stack.</summary>
/// <remarks>Distances run from −(L − 1) to L − 1, key minus query; L is the longest sequence of the batch.</remarks>
internal sealed unsafe class DistanceBias
{
    private readonly int _longest;
    private readonly int[] _buckets;        // [2·L − 1], of each distance
    private readonly float[] _values;       // [H, Distances]
    private readonly float[] _gradient;     // [buckets, H]
    private readonly int _heads;

    /// <summary>Lays a table of buckets out by distance.</summary>
    /// <param name="table">[buckets, H]</param>
    /// <param name="heads">H</param>
    /// <param name="buckets">The bucket of each distance, [2·L − 1].</param>
    public DistanceBias(ReadOnlySpan<float> table, int heads, int[] buckets)
    {
        (_heads, _buckets, _longest) = (heads, buckets, (buckets.Length + 1) / 2);
        _gradient = new float[table.Length];
        Distances = buckets.Length + Element.Lanes;     // rows are read in whole vectors
        _values = GC.AllocateUninitializedArray<float>(heads * Distances, pinned: true);
        Array.Clear(_values);
        for (var head = 0; head < heads; head++)
        {
            for (var distance = 0; distance < buckets.Length; distance++)
            {
                _values[(head * Distances) + distance] = table[(buckets[distance] * heads) + head];
            }
        }
    }

    /// <summary>Numbers of one head: its distances, and room for reading past them.</summary>
    public int Distances { get; }

    /// <summary>[buckets, H], the table's gradient so far.</summary>
    public ReadOnlySpan<float> Gradient => _gradient;

    /// <summary>The biases of one query's row: the first is that of key 0.</summary>
    public float* Row(int head, int query) =>
        (float*)Marshal.UnsafeAddrOfPinnedArrayElement(_values, (head * Distances) + _longest - 1 - query);

    /// <summary>Adds a span's gradient of scores up by distance.</summary>
    /// <param name="span">The span.</param>
    /// <param name="slopes">[queries, keys]</param>
    /// <param name="keys">Numbers between two of its rows.</param>
    /// <param name="sum">[<see cref="Distances"/>], added to.</param>
    public void Gather(AttentionSpan span, float* slopes, int keys, float[] sum)
    {
        fixed (float* to = sum)
        {
            for (var query = 0; query < span.Queries; query++)
            {
                var row = slopes + ((long)query * keys);
                var place = to + _longest - 1 - query;
                for (var j = 0; j < keys; j += Element.Lanes)
                {
                    (Vector512.Load(place + j) + Vector512.Load(row + j)).Store(place + j);
                }
            }
        }
    }

    /// <summary>Adds what all pieces gathered to the table's gradient, in their order.</summary>
    /// <param name="sums">For each head its pieces.</param>
    /// <param name="pieces">Pieces of one head.</param>
    public void Add(float[][] sums, int pieces)
    {
        for (var head = 0; head < _heads; head++)
        {
            for (var piece = 0; piece < pieces; piece++)
            {
                var sum = sums[(head * pieces) + piece];
                for (var distance = 0; distance < _buckets.Length; distance++)
                {
                    _gradient[(_buckets[distance] * _heads) + head] += sum[distance];
                }
            }
        }
    }
}
