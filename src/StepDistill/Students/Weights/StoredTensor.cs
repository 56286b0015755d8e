using Microsoft.Win32.SafeHandles;

namespace StepDistill.Students.Weights;

/// <summary>Where the numbers of a tensor lie. Checked when made: every number lies inside of the file.</summary>
/// <param name="Tensor">What lies there.</param>
/// <param name="File">The open file.</param>
/// <param name="Path">Its path, for messages.</param>
/// <param name="Offset">Where in the file the first number begins, in bytes.</param>
/// <param name="Strides">Steps in numbers along each dimension, or null where the numbers lie in order without gaps.</param>
internal sealed record StoredTensor(WeightTensor Tensor, SafeFileHandle File, string Path, long Offset, long[]? Strides = null)
{
    private const int ChunkBytes = 1 << 20;

    /// <summary>Reads the numbers of a floating-point tensor in order.</summary>
    /// <param name="values">Where they go: all that the tensor has, or some of them.</param>
    /// <param name="first">The first of them; 0 where there are <see cref="Strides"/>.</param>
    public void Read(Span<float> values, long first = 0)
    {
        var size = WeightNumbers.SizeOf(Tensor.Type);
        if (Strides is not null)
        {
            var gathered = new byte[Tensor.ByteCount];
            ReadBytes(gathered);
            WeightNumbers.ToFloats(gathered, Tensor.Type, values);
            return;
        }

        if (Tensor.Type == WeightType.F32)
        {
            ReadExactly(System.Runtime.InteropServices.MemoryMarshal.AsBytes(values), Offset + (first * size));
            return;
        }

        // Part by part, so that a large tensor is not held twice.
        var chunk = new byte[Math.Min(ChunkBytes, Math.Max(size, values.Length * (long)size))];
        for (var done = 0; done < values.Length;)
        {
            var part = values.Slice(done, Math.Min(values.Length - done, chunk.Length / size));
            var bytes = chunk.AsSpan(0, part.Length * size);
            ReadExactly(bytes, Offset + ((first + done) * size));
            WeightNumbers.ToFloats(bytes, Tensor.Type, part);
            done += part.Length;
        }
    }

    /// <summary>Reads the bytes of the numbers in order.</summary>
    /// <param name="bytes">As many as the tensor has.</param>
    public void ReadBytes(Span<byte> bytes)
    {
        if (Strides is null)
        {
            ReadExactly(bytes, Offset);
            return;
        }

        if (bytes.Length == 0)
        {
            return;
        }

        var size = WeightNumbers.SizeOf(Tensor.Type);
        var span = 1L;
        for (var i = 0; i < Strides.Length; i++)
        {
            span += (Tensor.Shape[i] - 1) * Strides[i];
        }

        var source = new byte[span * size];
        ReadExactly(source, Offset);
        var index = new long[Strides.Length];
        var from = 0L;
        for (var to = 0; to < bytes.Length; to += size)
        {
            source.AsSpan((int)(from * size), size).CopyTo(bytes[to..]);
            for (var i = index.Length - 1; i >= 0; i--)
            {
                from += Strides[i];
                if (++index[i] < Tensor.Shape[i])
                {
                    break;
                }

                from -= index[i] * Strides[i];
                index[i] = 0;
            }
        }
    }

    private void ReadExactly(Span<byte> bytes, long offset)
    {
        while (bytes.Length > 0)
        {
            // A single read of the system gives at most 2 GB.
            var read = RandomAccess.Read(File, bytes[..Math.Min(bytes.Length, 1 << 30)], offset);
            if (read == 0)
            {
                throw new StepDistillException(
                    $"{Path} ended within {Tensor.Name}: the file was cut off after it was opened. Copy it again.");
            }

            bytes = bytes[read..];
            offset += read;
        }
    }
}
