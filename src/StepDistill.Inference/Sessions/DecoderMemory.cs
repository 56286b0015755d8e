using Microsoft.ML.OnnxRuntime;

namespace StepDistill.Inference.Sessions;

/// <summary>Keys and values that the decoder needs of earlier tokens and of the encoded input.</summary>
/// <param name="sizes">How many blocks, heads, and numbers a head.</param>
/// <param name="mask">[R, K] int64</param>
internal sealed class DecoderMemory(DecoderSizes sizes, OrtValue mask) : IDisposable
{
    /// <summary>[R, H, N, A] each: key and value of the tokens so far, block by block.</summary>
    public OrtValue[] Decoder { get; } = new OrtValue[2 * sizes.Blocks];

    /// <summary>[R, H, K, A] each: key and value of the encoded input, block by block.</summary>
    public OrtValue[] Encoder { get; } = new OrtValue[2 * sizes.Blocks];

    /// <summary>[R, K] int64</summary>
    public OrtValue Mask { get; private set; } = mask;

    /// <summary>Goes on with some rows, in this order; one may be taken several times.</summary>
    public void Select(ReadOnlySpan<int> rows)
    {
        Mask = Replace<long>(Mask, rows);
        for (var i = 0; i < Decoder.Length; i++)
        {
            Decoder[i] = Replace<float>(Decoder[i], rows);
            Encoder[i] = Replace<float>(Encoder[i], rows);
        }
    }

    /// <summary>Reorders what belongs to texts alone; the encoded inputs stay where they are.</summary>
    public void SelectTexts(ReadOnlySpan<int> rows)
    {
        for (var i = 0; i < Decoder.Length; i++)
        {
            Decoder[i] = Replace<float>(Decoder[i], rows);
        }
    }

    public void Dispose()
    {
        Mask.Dispose();
        foreach (var value in Decoder.Concat(Encoder))
        {
            value?.Dispose();
        }
    }

    private static OrtValue Replace<T>(OrtValue old, ReadOnlySpan<int> rows) where T : unmanaged
    {
        var shape = old.GetTensorTypeAndShape().Shape;
        shape[0] = rows.Length;
        var from = old.GetTensorDataAsSpan<T>();
        var width = 1;
        foreach (var size in shape.AsSpan(1))
        {
            width *= (int)size;
        }

        var next = OrtValue.CreateAllocatedTensorValue(OrtAllocator.DefaultInstance, Kind<T>(), shape);
        var to = next.GetTensorMutableDataAsSpan<T>();
        for (var row = 0; row < rows.Length; row++)
        {
            from.Slice(rows[row] * width, width).CopyTo(to[(row * width)..]);
        }

        old.Dispose();
        return next;
    }

    private static Microsoft.ML.OnnxRuntime.Tensors.TensorElementType Kind<T>() => typeof(T) == typeof(long)
        ? Microsoft.ML.OnnxRuntime.Tensors.TensorElementType.Int64
        : Microsoft.ML.OnnxRuntime.Tensors.TensorElementType.Float;
}

/// <summary>The sizes of a decoder that its memory depends on.</summary>
/// <param name="Blocks">Blocks.</param>
/// <param name="Heads">H</param>
/// <param name="HeadWidth">A</param>
/// <param name="Vocabulary">V</param>
internal readonly record struct DecoderSizes(int Blocks, int Heads, int HeadWidth, int Vocabulary);
