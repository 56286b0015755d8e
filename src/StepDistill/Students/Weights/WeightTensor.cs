namespace StepDistill.Students.Weights;

/// <summary>A tensor in a file of weights: what it is called and how large it is, without its numbers.</summary>
/// <param name="Name">Its published name, such as <c>encoder.block.0.layer.0.SelfAttention.q.weight</c>.</param>
/// <param name="Type">How its numbers lie in the file.</param>
/// <param name="Shape">Its sizes, outermost first; empty for a single number.</param>
public sealed record WeightTensor(string Name, WeightType Type, IReadOnlyList<long> Shape)
{
    /// <summary>Tensors of more numbers than this are refused: one that large fits into no span. T5-xxl's largest has 132 million.</summary>
    internal const long MaxCount = int.MaxValue;

    /// <summary>How many numbers it holds.</summary>
    public long Count => Shape.Aggregate(1L, (product, size) => product * size);

    /// <summary>How many bytes they take in the file.</summary>
    public long ByteCount => Count * WeightNumbers.SizeOf(Type);

    /// <summary>The product of sizes, or null where one is negative or the product is above <see cref="MaxCount"/>.</summary>
    internal static long? CountOf(IReadOnlyList<long> shape)
    {
        if (shape.Any(size => size is < 0 or > MaxCount))
        {
            return null;
        }

        var count = 1L;
        foreach (var size in shape)
        {
            count *= size;
            if (count > MaxCount)
            {
                return null;
            }
        }

        return count;
    }
}
