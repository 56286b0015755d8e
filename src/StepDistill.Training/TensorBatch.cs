using StepDistill.Batches;
using StepDistill.Students;
using static TorchSharp.torch;

namespace StepDistill.Training;

/// <summary>One batch as tensors on the device: the only place where token ids become tensors for training.</summary>
/// <remarks>
/// Letters in shapes: B examples, R of them with a rationale, N = B + R sources, K the longest source, Q and P the
/// longest label and rationale. Sources of both tasks go through the encoder in one pass: labels first.
/// </remarks>
internal sealed class TensorBatch : IDisposable
{
    private TensorBatch(Tensor ids, Tensor mask, TargetTensors labels, TargetTensors? rationales)
    {
        Ids = ids;
        Mask = mask;
        Labels = labels;
        Rationales = rationales;
    }

    /// <summary>[N, K] int64, padded.</summary>
    public Tensor Ids { get; }

    /// <summary>[N, K] bool: true where <see cref="Ids"/> holds a real token.</summary>
    public Tensor Mask { get; }

    /// <summary>The label task's targets, B rows.</summary>
    public TargetTensors Labels { get; }

    /// <summary>The rationale task's targets, R rows; null where there are none.</summary>
    public TargetTensors? Rationales { get; }

    /// <summary>Makes the tensors of some examples.</summary>
    /// <param name="examples">The examples, at least one.</param>
    /// <param name="config">Gives the ids of padding and of the decoder's start.</param>
    /// <param name="device">Where the tensors go.</param>
    public static TensorBatch Of(IReadOnlyList<EncodedExample> examples, T5Config config, Device device)
    {
        var labels = examples.Select(e => e.Label).ToList();
        var rationales = examples.Select(e => e.Rationale).OfType<EncodedPair>().ToList();
        var (sources, mask) = Sources([.. labels.Concat(rationales).Select(p => p.Source)], config.PadId, device);
        return new TensorBatch(
            sources,
            mask,
            TargetTensors.Of(labels, config, device),
            rationales.Count == 0 ? null : TargetTensors.Of(rationales, config, device));
    }

    /// <summary>Makes what the encoder reads.</summary>
    /// <param name="rows">Token ids, one row a source.</param>
    /// <param name="padId">Fills rows up.</param>
    /// <param name="device">Where the tensors go.</param>
    /// <returns>[N, K] int64 and [N, K] bool, true on real tokens.</returns>
    public static (Tensor Ids, Tensor Mask) Sources(List<int[]> rows, int padId, Device device)
    {
        var ids = Pad(rows, padId, out var length);
        var mask = new bool[ids.Length];
        for (var row = 0; row < rows.Count; row++)
        {
            mask.AsSpan(row * length, rows[row].Length).Fill(true);
        }

        return (tensor(ids, [rows.Count, length], device: device), tensor(mask, [rows.Count, length], device: device));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Ids.Dispose();
        Mask.Dispose();
        Labels.Dispose();
        Rationales?.Dispose();
    }

    /// <summary>Rows of different lengths as one rectangle, filled up at the end.</summary>
    internal static long[] Pad(List<int[]> rows, int padId, out int length)
    {
        length = rows.Max(r => r.Length);
        var padded = new long[rows.Count * length];
        Array.Fill(padded, padId);
        for (var row = 0; row < rows.Count; row++)
        {
            for (var i = 0; i < rows[row].Length; i++)
            {
                padded[(row * length) + i] = rows[row][i];
            }
        }

        return padded;
    }
}

/// <summary>One task's targets: what the decoder reads, and the real tokens that should follow.</summary>
/// <param name="Inputs">[B, Q] int64: the start id, then the target without its last token, padded.</param>
/// <param name="Positions">[T] int64: where in the flattened [B·Q] the real targets stand.</param>
/// <param name="Ids">[T] int64: the real targets, row after row.</param>
internal sealed record TargetTensors(Tensor Inputs, Tensor Positions, Tensor Ids) : IDisposable
{
    /// <summary>Makes the tensors of some pairs.</summary>
    public static TargetTensors Of(List<EncodedPair> pairs, T5Config config, Device device)
    {
        var inputs = TensorBatch.Pad([.. pairs.Select(p => (int[])[p.Start ?? config.StartId, .. p.Target[..^1]])], config.PadId, out var length);
        var positions = pairs.SelectMany((p, row) => Enumerable.Range(row * length, p.Target.Length).Select(i => (long)i)).ToArray();
        var ids = pairs.SelectMany(p => p.Target).Select(id => (long)id).ToArray();
        return new TargetTensors(
            tensor(inputs, [pairs.Count, length], device: device), tensor(positions, device: device), tensor(ids, device: device));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Inputs.Dispose();
        Positions.Dispose();
        Ids.Dispose();
    }
}
