using System.Buffers.Binary;
using System.Globalization;
using System.Numerics;
using Microsoft.Win32.SafeHandles;

namespace StepDistill.Students.Weights;

/// <summary>PyTorch's format before 1.6: five pickles one after the other, then the storages.</summary>
/// <remarks>Format: PyTorch, torch/serialization.py (<c>_legacy_save</c>).</remarks>
internal static class TorchLegacyFile
{
    private const long Protocol = 1001;

    private static readonly BigInteger Magic = BigInteger.Parse("1950a86a20f9469cfc6c", NumberStyles.HexNumber, CultureInfo.InvariantCulture);

    public static List<StoredTensor> ReadIndex(SafeFileHandle file, string path)
    {
        using var stream = new BufferedStream(new ReadOnlyFile(file), 1 << 16);
        if (TensorPickle.Read(stream, path) is not BigInteger magic || magic != Magic)
        {
            throw new StepDistillException($"{path} is a pickle, but not one of torch.save; use a safetensors file.");
        }

        if (TensorPickle.Read(stream, path) is not Protocol)
        {
            throw new StepDistillException($"{path} is of a form of torch.save older than PyTorch 0.4. Load and save it again with torch.");
        }

        if (TensorPickle.Read(stream, path) is not TensorPickle.Dictionary system
            || !system.Entries.Any(entry => entry is ("little_endian", true)))
        {
            throw new StepDistillException($"{path} was saved on a big-endian machine; save it again on another.");
        }

        var state = TorchWeights.StateOf(TensorPickle.Read(stream, path), path);
        if (TensorPickle.Read(stream, path) is not List<object?> keys)
        {
            throw new StepDistillException($"{path} lacks the list of its storages. Download or copy it again.");
        }

        var places = PlaceStorages(file, stream.Position, state, keys, path);
        return
        [
            .. from entry in state
               let storage = entry.Tensor.Storage
               let place = places.TryGetValue(storage.Key, out var found) && found.Count >= storage.Count && found.Type == storage.Type
                   ? found.Offset
                   : throw new StepDistillException($"{path} lacks the numbers of '{entry.Name}'. Download or copy it again.")
               select new StoredTensor(
                   new WeightTensor(entry.Name, storage.Type, entry.Tensor.Shape), file, path,
                   place + entry.Tensor.Offset * WeightNumbers.SizeOf(storage.Type), TorchWeights.GapsOf(entry.Tensor)),
        ];
    }

    /// <summary>Each storage is its count of numbers, in eight bytes, and the numbers.</summary>
    private static Dictionary<string, (WeightType Type, long Count, long Offset)> PlaceStorages(
        SafeFileHandle file, long position, List<(string Name, PickledTensor Tensor)> state, List<object?> keys, string path)
    {
        var types = state.Select(entry => entry.Tensor.Storage).DistinctBy(storage => storage.Key)
            .ToDictionary(storage => storage.Key, storage => storage.Type, StringComparer.Ordinal);
        var size = RandomAccess.GetLength(file);
        var places = new Dictionary<string, (WeightType Type, long Count, long Offset)>(StringComparer.Ordinal);
        var prefix = new byte[8];
        foreach (var key in keys)
        {
            if (key is not string name || !types.TryGetValue(name, out var type))
            {
                throw new StepDistillException($"{path} lists a storage that no tensor uses, so its length is not known.");
            }

            var count = RandomAccess.Read(file, prefix, position) == prefix.Length
                ? BinaryPrimitives.ReadInt64LittleEndian(prefix) : -1;
            position += prefix.Length;
            if (count < 0 || count > (size - position) / WeightNumbers.SizeOf(type) || !places.TryAdd(name, (type, count, position)))
            {
                throw new StepDistillException($"{path} is cut off or damaged within the storage '{name}'. Download or copy it again.");
            }

            position += count * WeightNumbers.SizeOf(type);
        }

        return places;
    }

    /// <summary>Reads a handle that stays open when the stream is disposed of.</summary>
    private sealed class ReadOnlyFile(SafeFileHandle file) : Stream
    {
        public override bool CanRead => true;

        public override bool CanSeek => true;

        public override bool CanWrite => false;

        public override long Length => RandomAccess.GetLength(file);

        public override long Position { get; set; }

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

        public override int Read(Span<byte> buffer)
        {
            var read = RandomAccess.Read(file, buffer, Position);
            Position += read;
            return read;
        }

        public override long Seek(long offset, SeekOrigin origin) => Position = origin switch
        {
            SeekOrigin.Begin => offset,
            SeekOrigin.Current => Position + offset,
            _ => Length + offset,
        };

        public override void Flush()
        {
        }

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
