using StepDistill.Export.Onnx;

namespace StepDistill.Export.Weights;

/// <summary>Products with weights of a few bits, and a scale for each block of an output's weights.</summary>
/// <remarks>
/// ONNX Runtime's <c>MatMulNBits</c>: [N, K / block, bytes] with the first weight in the lowest bits, a block's last bytes empty
/// where K does not fill it, and the middle of the range for zero.
/// </remarks>
internal sealed class BlockProducts(int bits) : Products
{
    private const int Block = 32;

    // Activations become 8-bit numbers too: exact to what 8 bits hold, and the fastest.
    private const int EightBitActivations = 4;

    public override string Linear(OnnxGraph graph, string x, Matrix weights)
    {
        var blocks = (weights.Inputs + Block - 1) / Block;
        var packed = graph.Tensor(new(
            $"{weights.Name}/blocks{bits}", OnnxType.UInt8, [weights.Outputs, blocks, Block * bits / 8], () => Pack(weights).Packed));
        var scales = graph.Tensor(OnnxTensor.Floats($"{weights.Name}/scales{bits}", [weights.Outputs * blocks], () => Pack(weights).Scales));
        return graph.AddOfRuntime(
            "MatMulNBits", [x, packed, scales],
            ("K", weights.Inputs), ("N", weights.Outputs), ("bits", bits), ("block_size", Block), ("accuracy_level", EightBitActivations));
    }

    private (byte[] Packed, float[] Scales) Pack(Matrix weights)
    {
        var (rows, blocks, middle) = (weights.Read(), (weights.Inputs + Block - 1) / Block, 1 << (bits - 1));
        var bytesOfBlock = Block * bits / 8;
        var packed = new byte[weights.Outputs * blocks * bytesOfBlock];
        var scales = new float[weights.Outputs * blocks];
        for (var block = 0; block < scales.Length; block++)
        {
            var (output, first) = (block / blocks, block % blocks * Block);
            var values = rows.AsSpan((output * weights.Inputs) + first, Math.Min(Block, weights.Inputs - first));
            scales[block] = Matrix.ScaleOf(values, middle - 1);
            var place = packed.AsSpan(block * bytesOfBlock, bytesOfBlock);
            for (var i = 0; i < Block; i++)
            {
                var value = i < values.Length ? (int)Math.Clamp(MathF.Round(values[i] / scales[block]), -middle, middle - 1) : 0;
                place[i * bits / 8] |= (byte)((value + middle) << (i * bits % 8));
            }
        }

        return (packed, scales);
    }
}
