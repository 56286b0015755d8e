using Microsoft.Win32.SafeHandles;

namespace StepDistill.Students.Weights;

/// <summary>PyTorch's format since 1.6: a zip file of one pickle and one entry for each storage, none compressed.</summary>
/// <remarks>Format: PyTorch, caffe2/serialize/inline_container.h and torch/serialization.py (<c>_save</c>).</remarks>
internal static class TorchZipFile
{
    /// <summary>The pickle of T5-xxl takes 100 kB.</summary>
    private const long MaxPickle = 64 << 20;

    public static List<StoredTensor> ReadIndex(SafeFileHandle file, string path)
    {
        var entries = ZipIndex.Read(file, path);
        var pickle = entries.Keys.Where(name => name.EndsWith("/data.pkl", StringComparison.Ordinal)).ToList();
        if (pickle.Count != 1)
        {
            throw new StepDistillException($"{path} is a zip file, but not one of torch.save: it holds no data.pkl.");
        }

        var folder = pickle[0][..^"data.pkl".Length];
        if (entries.TryGetValue(folder + "byteorder", out var order) && order.Length != "little".Length)
        {
            throw new StepDistillException($"{path} was saved on a big-endian machine; save it again on another.");
        }

        var state = TorchWeights.StateOf(TensorPickle.Read(Content(file, path, entries[pickle[0]]), path), path);
        return
        [
            .. from entry in state
               let storage = StorageEntry(entries, folder, entry.Tensor.Storage, path)
               let size = WeightNumbers.SizeOf(entry.Tensor.Storage.Type)
               select new StoredTensor(
                   new WeightTensor(entry.Name, entry.Tensor.Storage.Type, entry.Tensor.Shape),
                   file, path, storage + entry.Tensor.Offset * size, TorchWeights.GapsOf(entry.Tensor)),
        ];
    }

    private static MemoryStream Content(SafeFileHandle file, string path, ZipIndex.Entry entry)
    {
        if (entry.Length > MaxPickle)
        {
            throw new StepDistillException($"{path} has a list of tensors of {entry.Length} bytes; at most {MaxPickle} are read.");
        }

        var content = new byte[entry.Length];
        RandomAccess.Read(file, content, entry.Offset);
        return new MemoryStream(content, writable: false);
    }

    /// <summary>Finds where a storage begins, and that it is as long as the pickle says.</summary>
    private static long StorageEntry(
        IReadOnlyDictionary<string, ZipIndex.Entry> entries, string folder, PickledStorage storage, string path)
    {
        var name = $"{folder}data/{storage.Key}";
        if (!entries.TryGetValue(name, out var entry))
        {
            throw new StepDistillException($"{path} lacks '{name}', which holds numbers of its tensors. Download or copy it again.");
        }

        var size = WeightNumbers.SizeOf(storage.Type);
        return storage.Count <= entry.Length / size
            ? entry.Offset
            : throw new StepDistillException(
                $"{path} has {entry.Length} bytes in '{name}', too few for {storage.Count} numbers of {storage.Type}."
                + " Download or copy it again.");
    }
}
