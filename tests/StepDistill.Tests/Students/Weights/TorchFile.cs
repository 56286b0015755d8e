using System.IO.Compression;
using System.Text;

namespace StepDistill.Tests.Students.Weights;

/// <summary>Writes files as torch.save does, in both formats.</summary>
internal static class TorchFile
{
    /// <summary>A state dictionary of two tensors and a tied third, over two storages.</summary>
    public static (string Key, byte[] Bytes)[] Storages { get; } =
        [("0", Bytes([1f, 2, 3, 4, 5, 6, 7])), ("1", [0x80, 0x3f, 0x00, 0xc0])];

    public static byte[] State(bool legacy) => State(new PickleWriter(), legacy).Stop();

    public static byte[] Bytes(float[] numbers) => [.. numbers.SelectMany(BitConverter.GetBytes)];

    public static byte[] Zip(
        byte[] pickle, IEnumerable<(string Key, byte[] Bytes)> storages, CompressionLevel level = CompressionLevel.NoCompression, string? byteOrder = "little")
    {
        var stream = new MemoryStream();
        using (var zip = new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true))
        {
            void Add(string name, byte[] content)
            {
                using var entry = zip.CreateEntry($"archive/{name}", level).Open();
                entry.Write(content);
            }

            Add("data.pkl", pickle);
            if (byteOrder is not null)
            {
                Add("byteorder", Encoding.ASCII.GetBytes(byteOrder));
            }

            foreach (var (key, bytes) in storages)
            {
                Add($"data/{key}", bytes);
            }

            Add("version", "3\n"u8.ToArray());
        }

        return stream.ToArray();
    }

    public static byte[] Legacy(byte[] pickle, IEnumerable<(string Key, byte[] Bytes, long Count)> storages, bool littleEndian = true)
    {
        var list = storages.ToList();
        var keys = new PickleWriter().EmptyList().Mark();
        list.ForEach(storage => keys.Text(storage.Key));
        byte[] head =
        [
            .. new PickleWriter().Raw([0x8a, 10, .. Convert.FromHexString("6cfc9c46f9206aa85019")]).Stop(),
            .. new PickleWriter().Whole(1001).Stop(),
            .. new PickleWriter().EmptyDictionary().Mark().Text("protocol_version").Whole(1001)
                .Text("little_endian").Truth(littleEndian).SetItems().Stop(),
            .. pickle,
            .. keys.Appends().Stop(),
        ];
        return [.. head, .. list.SelectMany(storage => (byte[])[.. BitConverter.GetBytes(storage.Count), .. storage.Bytes])];
    }

    public static byte[] SampleZip() => Zip(State(legacy: false), Storages);

    public static byte[] SampleLegacy() => Legacy(
        State(legacy: true), [(Storages[0].Key, Storages[0].Bytes, 7), (Storages[1].Key, Storages[1].Bytes, 2)]);

    private static PickleWriter State(PickleWriter pickle, bool legacy)
    {
        pickle.Global("collections", "OrderedDict").EmptyTuple().Reduce().Raw((byte)'q', 0).Mark();
        pickle.Text("first").Tensor("FloatStorage", "0", 7, 1, [2, 3], [3, 1], legacy);
        pickle.Text("turned").Tensor("FloatStorage", "0", 7, 1, [3, 2], [1, 3], legacy);
        pickle.Text("small").Tensor("BFloat16Storage", "1", 2, 0, [2], [1], legacy);
        pickle.SetItems();
        // A module's state carries the versions of its parts as an attribute.
        return pickle.EmptyDictionary().Mark().Text("_metadata").Global("collections", "OrderedDict").EmptyTuple().Reduce().SetItems().Build();
    }
}
