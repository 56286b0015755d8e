using System.IO.Compression;
using System.Text;
using StepDistill.Students.Weights;
using StepDistill.Tests.Runs;

namespace StepDistill.Tests.Students.Weights;

public sealed class TorchZipFileTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Compressed_entries_are_refused_so_none_can_swell() =>
        Refuses(TorchFile.Zip(TorchFile.State(legacy: false), TorchFile.Storages, CompressionLevel.Optimal), "compressed");

    [Fact]
    public void A_storage_shorter_than_its_tensors_is_refused() =>
        Refuses(TorchFile.Zip(TorchFile.State(legacy: false), [("0", new byte[27]), TorchFile.Storages[1]]), "27 bytes in 'archive/data/0'");

    [Fact]
    public void A_missing_storage_is_named() =>
        Refuses(TorchFile.Zip(TorchFile.State(legacy: false), [TorchFile.Storages[0]]), "archive/data/1");

    [Fact]
    public void A_big_endian_file_is_refused() =>
        Refuses(TorchFile.Zip(TorchFile.State(legacy: false), TorchFile.Storages, byteOrder: "big"), "big-endian");

    [Fact]
    public void A_zip_of_something_else_is_called_that()
    {
        var stream = new MemoryStream();
        using (var zip = new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true))
        {
            zip.CreateEntry("letter.txt");
        }

        Refuses(stream.ToArray(), "no data.pkl");
    }

    [Fact]
    public void A_directory_that_lies_about_sizes_is_refused()
    {
        var whole = TorchFile.SampleZip();
        var directory = whole.AsSpan().LastIndexOf("PK\x01\x02"u8);
        foreach (var field in (int[])[20, 24])
        {
            BitConverter.GetBytes(int.MaxValue).CopyTo(whole, directory + field);
        }

        Refuses(whole, "in a file of");
    }

    [Fact]
    public void What_is_not_a_tensor_is_named()
    {
        var checkpoint = new PickleWriter().EmptyDictionary().Mark().Text("state_dict").EmptyDictionary().Text("epoch").Whole(3).SetItems().Stop();

        Refuses(TorchFile.Zip(checkpoint, []), "'state_dict'", "training checkpoint");
        Refuses(TorchFile.Zip(new PickleWriter().Text("hello").Stop(), []), "a text");
        Refuses(TorchFile.Zip(new PickleWriter().EmptyDictionary().Mark().Whole(1).Tensor("FloatStorage", "0", 1, 0, [1], [1]).SetItems().Stop(), []), "a number");
    }

    [Fact]
    public void A_hostile_pickle_is_refused_and_named() => Refuses(
        TorchFile.Zip(new PickleWriter().Global("os", "system").Text("touch /tmp/hostile").Raw(0x85).Reduce().Stop(), []), "os.system");

    [Fact]
    public void The_directory_may_be_of_the_64_bit_kind()
    {
        // What torch writes for files above 4 GB: the sizes and places of entries and directory stand in extensions.
        var pickle = new PickleWriter().EmptyDictionary().Mark().Text("a").Tensor("FloatStorage", "0", 2, 0, [2], [1]).SetItems().Stop();
        var file = new MemoryStream();
        (string Name, byte[] Content)[] entries = [("a/data.pkl", pickle), ("a/data/0", TorchFile.Bytes([5, 6]))];
        var directory = new MemoryStream();
        foreach (var (name, content) in entries)
        {
            var at = file.Position;
            var utf8 = Encoding.UTF8.GetBytes(name);
            file.Write([0x50, 0x4b, 3, 4, .. new byte[22], (byte)utf8.Length, 0, 0, 0, .. utf8, .. content]);
            directory.Write(
            [
                0x50, 0x4b, 1, 2, .. new byte[16], .. Enumerable.Repeat((byte)255, 8), (byte)utf8.Length, 0, 28, 0, .. new byte[10],
                255, 255, 255, 255, .. utf8, 1, 0, 24, 0,
                .. BitConverter.GetBytes((long)content.Length), .. BitConverter.GetBytes((long)content.Length), .. BitConverter.GetBytes(at),
            ]);
        }

        var start = file.Position;
        file.Write(directory.ToArray());
        var end = file.Position;
        file.Write([0x50, 0x4b, 6, 6, .. new byte[36], .. BitConverter.GetBytes(directory.Length), .. BitConverter.GetBytes(start)]);
        file.Write([0x50, 0x4b, 6, 7, 0, 0, 0, 0, .. BitConverter.GetBytes(end), 1, 0, 0, 0]);
        file.Write([0x50, 0x4b, 5, 6, 0, 0, 0, 0, .. Enumerable.Repeat((byte)255, 12), 0, 0]);
        File.WriteAllBytes(folder["model.bin"], file.ToArray());

        using var weights = WeightFiles.Open(folder["model.bin"]);
        var values = new float[2];
        weights.Read("a", values);

        Assert.Equal([5f, 6], values);
    }

    private void Refuses(byte[] file, params string[] parts)
    {
        File.WriteAllBytes(folder["model.bin"], file);
        var error = Assert.Throws<StepDistillException>(() => WeightFiles.Open(folder["model.bin"]).Dispose());
        Assert.All(parts, part => Assert.Contains(part, error.Message, StringComparison.Ordinal));
        Assert.Contains("model.bin", error.Message, StringComparison.Ordinal);
    }
}
