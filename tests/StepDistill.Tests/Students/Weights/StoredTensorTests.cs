using StepDistill.Students.Weights;
using StepDistill.Tests.Runs;

namespace StepDistill.Tests.Students.Weights;

public sealed class StoredTensorTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void A_file_that_shrank_after_it_was_opened_is_noticed()
    {
        File.WriteAllBytes(folder["a.bin"], new byte[12]);
        using var file = File.OpenHandle(folder["a.bin"]);
        var stored = new StoredTensor(new WeightTensor("a", WeightType.F32, [4]), file, "a.bin", 0);

        Assert.Contains("cut off", Assert.Throws<StepDistillException>(() => stored.Read(new float[4])).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Any_strides_give_what_walking_the_indices_gives()
    {
        File.WriteAllBytes(folder["a.bin"], [.. Enumerable.Range(0, 60).Select(i => (byte)i)]);
        using var file = File.OpenHandle(folder["a.bin"]);
        foreach (var strides in (long[][])[[1, 2, 6], [12, 4, 1], [4, 12, 1], [0, 5, 1], [20, 3, 7]])
        {
            var stored = new StoredTensor(new WeightTensor("a", WeightType.U8, [2, 3, 4]), file, "a.bin", 3, strides);
            var bytes = new byte[24];
            stored.ReadBytes(bytes);

            Assert.Equal(
                from i in Enumerable.Range(0, 2)
                from j in Enumerable.Range(0, 3)
                from k in Enumerable.Range(0, 4)
                select (byte)(3 + i * strides[0] + j * strides[1] + k * strides[2]),
                bytes);
        }
    }
}
