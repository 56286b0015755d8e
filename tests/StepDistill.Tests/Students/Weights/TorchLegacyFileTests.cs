using StepDistill.Students.Weights;
using StepDistill.Tests.Runs;

namespace StepDistill.Tests.Students.Weights;

public sealed class TorchLegacyFileTests : IDisposable
{
    private static readonly (string Key, byte[] Bytes, long Count)[] Storages =
        [(TorchFile.Storages[0].Key, TorchFile.Storages[0].Bytes, 7), (TorchFile.Storages[1].Key, TorchFile.Storages[1].Bytes, 2)];

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Storages_may_come_in_any_order()
    {
        File.WriteAllBytes(folder["model.bin"], TorchFile.Legacy(TorchFile.State(legacy: true), Storages.Reverse()));
        using var weights = WeightFiles.Open(folder["model.bin"]);
        var values = new float[2];
        weights.Read("small", values);

        Assert.Equal([1f, -2], values);
    }

    [Theory]
    [InlineData(6)]
    [InlineData(-1)]
    [InlineData(long.MaxValue)]
    public void A_storage_of_another_length_than_its_tensors_need_is_refused(long count) =>
        Refuses(TorchFile.Legacy(TorchFile.State(legacy: true), [Storages[0] with { Count = count }, Storages[1]]), "Download or copy it again");

    [Fact]
    public void A_last_storage_that_is_too_short_is_refused() => Refuses(
        TorchFile.Legacy(TorchFile.State(legacy: true), [Storages[1], (Storages[0].Key, Storages[0].Bytes[..24], 6)]), "lacks the numbers of 'first'");

    [Fact]
    public void A_storage_that_comes_twice_is_refused() =>
        Refuses(TorchFile.Legacy(TorchFile.State(legacy: true), [Storages[0], Storages[0]]), "'0'");

    [Fact]
    public void A_storage_of_no_tensor_is_refused() =>
        Refuses(TorchFile.Legacy(TorchFile.State(legacy: true), [.. Storages, ("9", [], 0)]), "no tensor uses");

    [Fact]
    public void A_missing_storage_is_refused() =>
        Refuses(TorchFile.Legacy(TorchFile.State(legacy: true), [Storages[0]]), "lacks the numbers of 'small'");

    [Fact]
    public void A_big_endian_file_is_refused() =>
        Refuses(TorchFile.Legacy(TorchFile.State(legacy: true), Storages, littleEndian: false), "big-endian");

    [Fact]
    public void A_plain_pickle_is_called_that() => Refuses(new PickleWriter().Text("hello").Stop(), "not one of torch.save");

    [Fact]
    public void A_hostile_pickle_is_refused_and_named() =>
        Refuses(new PickleWriter().Global("os", "system").Text("touch /tmp/hostile").Raw(0x85).Reduce().Stop(), "os.system");

    private void Refuses(byte[] file, string part)
    {
        File.WriteAllBytes(folder["model.bin"], file);
        Assert.Contains(
            part, Assert.Throws<StepDistillException>(() => WeightFiles.Open(folder["model.bin"]).Dispose()).Message, StringComparison.Ordinal);
    }
}
