using System.Text;
using CsCheck;
using StepDistill.Students.Weights;
using StepDistill.Tests.Runs;

namespace StepDistill.Tests.Students.Weights;

public sealed class SafetensorsFileTests : IDisposable
{
    private static readonly WeightType[] Types = Enum.GetValues<WeightType>();

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void What_is_written_is_read()
    {
        var tensor = Gen.Select(Gen.String[1, 12], Gen.Int[0, Types.Length - 1], Gen.Long[0, 4].Array[0, 3]);
        tensor.Array[0, 6].Where(all => all.Select(one => one.Item1).Distinct().Count() == all.Length && all.All(Sound)).Sample(
            all =>
            {
                var tensors = all.Select(one => new WeightTensor(one.Item1, Types[one.Item2], one.Item3)).ToList();
                SafetensorsFile.Write(folder["a.safetensors"], tensors, (one, stream) => stream.Write(Content(one)));

                using var weights = WeightFiles.Open(folder["a.safetensors"]);
                Assert.Equal(tensors.Count, weights.Tensors.Count);
                foreach (var one in tensors)
                {
                    Assert.Equal(one.Type, weights.Find(one.Name)!.Type);
                    Assert.Equal(one.Shape, weights.Find(one.Name)!.Shape);
                    var bytes = new byte[one.ByteCount];
                    weights.ReadBytes(one.Name, bytes);
                    Assert.Equal(Content(one), bytes);
                }
            },
            iter: 200,
            threads: 1);

        static bool Sound((string Name, int Type, long[] Shape) one) =>
            one.Name != "__metadata__" && !one.Name.Any(char.IsSurrogate);
    }

    [Fact]
    public void The_bytes_are_those_of_the_format_s_own_writer()
    {
        SafetensorsFile.Write(
            folder["a.safetensors"],
            [new WeightTensor("z", WeightType.U8, [1]), new WeightTensor("b", WeightType.F32, [1]), new WeightTensor("a", WeightType.F32, [1, 1])],
            (tensor, stream) => stream.Write(Content(tensor)));

        const string Header = """{"__metadata__":{"format":"pt"},"a":{"dtype":"F32","shape":[1,1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[4,8]},"z":{"dtype":"U8","shape":[1],"data_offsets":[8,9]}}""";
        var padded = Header.PadRight((Header.Length + 7) / 8 * 8);
        Assert.Equal(
            [.. BitConverter.GetBytes((long)padded.Length), .. Encoding.UTF8.GetBytes(padded), 97, 97, 97, 97, 98, 98, 98, 98, 122],
            File.ReadAllBytes(folder["a.safetensors"]));
    }

    [Fact]
    public void A_writer_that_writes_too_little_leaves_no_file()
    {
        Assert.Throws<ArgumentException>(() => SafetensorsFile.Write(
            folder["a.safetensors"], [new WeightTensor("a", WeightType.F32, [2])], (_, stream) => stream.Write(new byte[4])));
        Assert.Throws<ArgumentException>(() => SafetensorsFile.Write(
            folder["a.safetensors"], [new WeightTensor("a", WeightType.F32, []), new WeightTensor("a", WeightType.I8, [])], (_, _) => { }));

        Assert.Empty(Directory.EnumerateFiles(folder.Path));
    }

    [Theory]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", 8, null)]
    [InlineData("""{"__metadata__":{"x":"y"},"a":{"dtype":"BOOL","shape":[],"data_offsets":[0,1]}}""", 1, null)]
    [InlineData("""{}""", 0, null)]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", 7, "shall lie from 0 to 8 of 7")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", 9, "end at byte")]
    [InlineData("""{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}""", 8, "takes 12 bytes")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}}""", 8, "from 8 to 0")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[-8,0]}}""", 8, "from -8 to 0")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[2,6]}}""", 6, "inside of the tensor before it")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[6,10]}}""", 10, "after a gap")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}""", 8, "header is not the JSON")]
    [InlineData("""{"a":{"dtype":"F8_E4M3","shape":[1],"data_offsets":[0,1]}}""", 1, "F8_E4M3")]
    [InlineData("""{"a":{"dtype":"0","shape":[1],"data_offsets":[0,4]}}""", 4, "'a'")]
    [InlineData("""{"a":{"dtype":3,"shape":[1],"data_offsets":[0,4]}}""", 4, "header is not the JSON")]
    [InlineData("""{"a":{"dtype":"F32","shape":"x","data_offsets":[0,4]}}""", 4, "header is not the JSON")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1.5],"data_offsets":[0,4]}}""", 4, "'a'")]
    [InlineData("""{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}""", 4, "'a'")]
    [InlineData("""{"a":{"dtype":"F32","shape":[65536,65536,65536,65536],"data_offsets":[0,0]}}""", 0, "'a'")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1]}}""", 4, "'a'")]
    [InlineData("""{"a":3}""", 4, "header is not the JSON")]
    [InlineData("""[]""", 0, "header is not the JSON")]
    [InlineData("""{"a":""", 0, "header is not the JSON")]
    public void A_header_is_checked_against_the_file(string header, int bytes, string? fault)
    {
        File.WriteAllBytes(
            folder["a.safetensors"], [.. BitConverter.GetBytes((long)header.Length), .. Encoding.UTF8.GetBytes(header), .. new byte[bytes]]);

        if (fault is null)
        {
            WeightFiles.Open(folder["a.safetensors"]).Dispose();
        }
        else
        {
            var error = Assert.Throws<StepDistillException>(() => WeightFiles.Open(folder["a.safetensors"]).Dispose());
            Assert.Contains(fault, error.Message, StringComparison.Ordinal);
            Assert.Contains("a.safetensors", error.Message, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData(long.MaxValue)]
    [InlineData(-1)]
    [InlineData(0)]
    [InlineData(100)]
    public void A_length_that_lies_is_refused_before_anything_is_read(long length)
    {
        File.WriteAllBytes(folder["a.safetensors"], [.. BitConverter.GetBytes(length), (byte)'{', (byte)'}']);

        Assert.Contains("header shall have", Assert.Throws<StepDistillException>(() => WeightFiles.Open(folder["a.safetensors"])).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_that_is_cut_off_anywhere_is_one_clear_error()
    {
        SafetensorsFile.Write(folder["a.safetensors"], [new WeightTensor("a", WeightType.F32, [2])], (one, stream) => stream.Write(Content(one)));
        var whole = File.ReadAllBytes(folder["a.safetensors"]);
        for (var length = 0; length < whole.Length; length++)
        {
            File.WriteAllBytes(folder["a.safetensors"], whole[..length]);
            Assert.Throws<StepDistillException>(() => WeightFiles.Open(folder["a.safetensors"]).Dispose());
        }
    }

    private static byte[] Content(WeightTensor tensor)
    {
        var bytes = new byte[tensor.ByteCount];
        Array.Fill(bytes, (byte)tensor.Name[0]);
        return bytes;
    }
}
