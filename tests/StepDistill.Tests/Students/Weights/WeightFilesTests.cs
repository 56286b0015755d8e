using CsCheck;
using StepDistill.Students.Weights;
using StepDistill.Tests.Runs;
using StepDistill.Tests.Tokenizers;

namespace StepDistill.Tests.Students.Weights;

public sealed class WeightFilesTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Both_formats_of_torch_are_read_with_offsets_strides_and_shared_storages(bool legacy)
    {
        File.WriteAllBytes(folder["pytorch_model.bin"], legacy ? TorchFile.SampleLegacy() : TorchFile.SampleZip());

        using var weights = WeightFiles.Open(folder.Path);

        Assert.Equal(["first", "turned", "small"], weights.Tensors.Select(tensor => tensor.Name));
        Assert.Equal([2, 3], weights.Find("first")!.Shape);
        Assert.Equal([2f, 3, 4, 5, 6, 7], Read(weights, "first"));
        Assert.Equal([2f, 5, 3, 6, 4, 7], Read(weights, "turned"));
        Assert.Equal(WeightType.BF16, weights.Find("small")!.Type);
        Assert.Equal([1f, -2], Read(weights, "small"));
        Assert.Null(weights.Find("_metadata"));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_file_of_torch_that_is_cut_off_anywhere_is_one_clear_error(bool legacy)
    {
        var whole = legacy ? TorchFile.SampleLegacy() : TorchFile.SampleZip();
        for (var length = 0; length < whole.Length; length++)
        {
            File.WriteAllBytes(folder["pytorch_model.bin"], whole[..length]);

            var error = Assert.Throws<StepDistillException>(() => WeightFiles.Open(folder.Path).Dispose());
            Assert.Contains("pytorch_model.bin", error.Message, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_damaged_file_of_torch_is_read_or_refused_and_nothing_else(bool legacy)
    {
        var whole = legacy ? TorchFile.SampleLegacy() : TorchFile.SampleZip();
        Gen.Select(Gen.Int[0, whole.Length - 1], Gen.Byte, Gen.Int[0, whole.Length - 1], Gen.Byte).Sample(
            (place, value, place2, value2) => OpenDamaged("model.bin", whole, place, value, place2, value2), iter: 1000, threads: 1);
    }

    [Fact]
    public void A_damaged_safetensors_file_is_read_or_refused_and_nothing_else()
    {
        WriteSample(folder["model.safetensors"]);
        var whole = File.ReadAllBytes(folder["model.safetensors"]);
        Gen.Select(Gen.Int[0, whole.Length - 1], Gen.Byte, Gen.Int[0, whole.Length - 1], Gen.Byte).Sample(
            (place, value, place2, value2) => OpenDamaged("damaged.safetensors", whole, place, value, place2, value2), iter: 1000, threads: 1);
    }

    [Fact]
    public void Random_bytes_are_refused() => Gen.Byte.Array[0, 200].Sample(
        bytes =>
        {
            File.WriteAllBytes(folder["random.bin"], bytes);
            Assert.Throws<StepDistillException>(() => WeightFiles.Open(folder["random.bin"]).Dispose());
        },
        iter: 500,
        threads: 1);

    [Fact]
    public void Parts_are_read_through_their_index()
    {
        File.WriteAllBytes(folder["pytorch_model-00001-of-00002.bin"], TorchFile.SampleZip());
        WriteSample(folder["model-00002-of-00002.safetensors"]);
        File.WriteAllText(
            folder["pytorch_model.bin.index.json"],
            """
            {"metadata": {"total_size": 1}, "weight_map": {
              "turned": "pytorch_model-00001-of-00002.bin", "b": "model-00002-of-00002.safetensors", "small": "pytorch_model-00001-of-00002.bin"}}
            """);

        using var weights = WeightFiles.Open(folder.Path);

        Assert.Equal(["b", "small", "turned"], weights.Tensors.Select(tensor => tensor.Name).Order());
        Assert.Equal([2f, 5, 3, 6, 4, 7], Read(weights, "turned"));
        Assert.Equal([1.5f, -2.5f], Read(weights, "b"));
    }

    [Theory]
    [InlineData("""{"weight_map": {"first": "../elsewhere.bin"}}""", "../elsewhere.bin")]
    [InlineData("""{"weight_map": {"first": "/etc/passwd"}}""", "beside the index")]
    [InlineData("""{"weight_map": {"first": ".."}}""", "beside the index")]
    [InlineData("""{"weight_map": {"missing": "part.bin"}}""", "'missing'")]
    [InlineData("""{"weight_map": {"first": "absent.bin"}}""", "absent.bin")]
    [InlineData("""{"weight_map": {"first": 3}}""", "weight_map")]
    [InlineData("""{"weight_map": [1]}""", "weight_map")]
    [InlineData("""{}""", "weight_map")]
    [InlineData("""[]""", "weight_map")]
    [InlineData("""{"weight_map": """, "weight_map")]
    public void A_wrong_index_is_named(string index, string named)
    {
        File.WriteAllBytes(folder["part.bin"], TorchFile.SampleZip());
        File.WriteAllText(folder["pytorch_model.bin.index.json"], index);

        var error = Assert.Throws<StepDistillException>(() => WeightFiles.Open(folder.Path).Dispose());

        Assert.Contains(named, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Safetensors_are_preferred_to_what_they_were_made_from()
    {
        File.WriteAllBytes(folder["pytorch_model.bin"], TorchFile.SampleZip());
        WriteSample(folder["model.safetensors"]);

        using var weights = WeightFiles.Open(folder.Path);

        Assert.EndsWith("model.safetensors", weights.Path, StringComparison.Ordinal);
    }

    [Fact]
    public void A_folder_without_weights_says_what_was_looked_for() => Assert.Contains(
        "model.safetensors", Assert.Throws<StepDistillException>(() => WeightFiles.Open(folder.Path)).Message, StringComparison.Ordinal);

    [Fact]
    public void A_pointer_of_Git_LFS_is_called_that()
    {
        File.WriteAllText(folder["model.safetensors"], "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n");

        var error = Assert.Throws<StepDistillException>(() => WeightFiles.Open(folder.Path));

        Assert.Contains("git lfs pull", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Asking_for_what_is_not_there_is_the_caller_s_mistake()
    {
        WriteSample(folder["model.safetensors"]);
        using var weights = WeightFiles.Open(folder.Path);

        Assert.Throws<ArgumentException>(() => weights.Read("absent", []));
        Assert.Throws<ArgumentException>(() => weights.Read("b", new float[3]));
        Assert.Throws<ArgumentException>(() => weights.ReadBytes("b", new byte[3]));
        Assert.Contains("I64", Assert.Throws<StepDistillException>(() => weights.Read("count", new float[1])).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_large_tensor_is_read_in_parts_without_a_second_copy()
    {
        const int Count = 3 << 20;
        SafetensorsFile.Write(
            folder["model.safetensors"],
            [new WeightTensor("large", WeightType.BF16, [3, 1 << 20])],
            (_, stream) => stream.Write(new byte[2 * Count]));
        using var weights = WeightFiles.Open(folder.Path);
        var values = new float[Count];
        Array.Fill(values, 1);

        var before = GC.GetAllocatedBytesForCurrentThread();
        weights.Read("large", values);

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 2 << 20);
        Assert.All(values.Where((_, i) => i % 4099 == 0 || i == Count - 1), value => Assert.Equal(0, value));
    }

    [Theory]
    [InlineData(WeightType.F32)]
    [InlineData(WeightType.F16)]
    [InlineData(WeightType.BF16)]
    public void A_large_tensor_comes_piece_by_piece(WeightType type)
    {
        // Numbers that all types hold; more than two pieces, the last of which is short.
        var expected = Enumerable.Range(0, (2 << 20) + 5).Select(i => (float)((i * 7) % 251)).ToArray();
        SafetensorsFile.Write(
            folder["model.safetensors"],
            [new WeightTensor("large", type, [expected.Length])],
            (tensor, stream) =>
            {
                var bytes = new byte[tensor.ByteCount];
                WeightNumbers.FromFloats(expected, type, bytes);
                stream.Write(bytes);
            });
        using var weights = WeightFiles.Open(folder.Path);
        var (values, pieces, most) = (new float[expected.Length], 0, 0);

        weights.Read("large", (first, numbers) =>
        {
            numbers.CopyTo(values.AsSpan((int)first));
            (pieces, most) = (pieces + 1, Math.Max(most, numbers.Length));
        });

        Assert.Equal(expected, values);
        Assert.Equal((3, 1 << 20), (pieces, most));
    }

    [Fact]
    public void Numbers_that_do_not_lie_in_order_come_all_at_once()
    {
        File.WriteAllBytes(folder["pytorch_model.bin"], TorchFile.SampleZip());
        using var weights = WeightFiles.Open(folder.Path);
        var pieces = new List<float[]>();

        weights.Read("turned", (first, numbers) => pieces.Add(numbers.ToArray()));

        Assert.Equal([2f, 5, 3, 6, 4, 7], Assert.Single(pieces));
    }

    [Theory]
    [InlineData("v1_0", "pytorch_model.bin")]
    [InlineData("v1_0", "pytorch_model.legacy.bin")]
    [InlineData("v1_1", "pytorch_model.bin")]
    [InlineData("v1_1", "pytorch_model.legacy.bin")]
    public void Published_torch_files_equal_their_safetensors(string reference, string file)
    {
        using var expected = Golden(reference, "model.safetensors");
        using var weights = Golden(reference, file);

        Assert.Equal(
            expected.Tensors.Select(tensor => tensor.Name).Order(StringComparer.Ordinal),
            weights.Tensors.Select(tensor => tensor.Name).Order(StringComparer.Ordinal));
        foreach (var tensor in expected.Tensors)
        {
            Assert.Equal(tensor.Shape, weights.Find(tensor.Name)!.Shape);
            Assert.Equal(Read(expected, tensor.Name), Read(weights, tensor.Name));
        }
    }

    [Theory]
    [InlineData("v1_0")]
    [InlineData("v1_1")]
    public void Published_half_precision_equals_the_rounded_weights(string reference)
    {
        using var expected = Golden(reference, "model.safetensors");
        using var weights = Golden(reference, "pytorch_model.half.bin");

        Assert.Contains(weights.Tensors, tensor => tensor.Type == WeightType.BF16);
        Assert.Contains(weights.Tensors, tensor => tensor.Type == WeightType.F16);
        foreach (var tensor in weights.Tensors)
        {
            var rounded = new byte[tensor.ByteCount];
            WeightNumbers.FromFloats(Read(expected, tensor.Name), tensor.Type, rounded);
            var back = new float[tensor.Count];
            WeightNumbers.ToFloats(rounded, tensor.Type, back);
            Assert.Equal(back, Read(weights, tensor.Name));
        }
    }

    [Fact]
    public void Tied_copies_may_be_absent()
    {
        using var whole = Golden("v1_0", "model.safetensors");
        using var lean = Golden("v1_0", "model.dedup.safetensors");

        Assert.Null(lean.Find("lm_head.weight"));
        Assert.All(lean.Tensors, tensor => Assert.Equal(Read(whole, tensor.Name), Read(lean, tensor.Name)));
    }

    private static float[] Read(WeightFiles weights, string name)
    {
        var values = new float[weights.Find(name)!.Count];
        weights.Read(name, values);
        return values;
    }

    private static WeightFiles Golden(string reference, string file)
    {
        var path = Path.Combine(SharedFolder.Path, "golden", reference, file);
        Assert.SkipUnless(File.Exists(path), $"There is no {path}.");
        return WeightFiles.Open(path);
    }

    private static void WriteSample(string path) => SafetensorsFile.Write(
        path,
        [
            new WeightTensor("a", WeightType.F32, [2, 2]),
            new WeightTensor("b", WeightType.F16, [2]),
            new WeightTensor("count", WeightType.I64, []),
            new WeightTensor("empty", WeightType.F32, [0, 4]),
        ],
        (tensor, stream) => stream.Write(tensor.Name switch
        {
            "a" => TorchFile.Bytes([1, 2, 3, 4]),
            "b" => [0x00, 0x3e, 0x00, 0xc1],
            "count" => BitConverter.GetBytes(42L),
            _ => [],
        }));

    private void OpenDamaged(string name, byte[] whole, int place, byte value, int place2, byte value2)
    {
        var damaged = whole.ToArray();
        damaged[place] = value;
        damaged[place2] = value2;
        File.WriteAllBytes(folder[name], damaged);
        try
        {
            using var weights = WeightFiles.Open(folder[name]);
            foreach (var tensor in weights.Tensors)
            {
                // Nothing can claim more numbers than the file has bytes.
                Assert.InRange(tensor.ByteCount, 0, whole.Length);
                weights.ReadBytes(tensor.Name, new byte[tensor.ByteCount]);
            }
        }
        catch (StepDistillException error)
        {
            Assert.Contains(name, error.Message, StringComparison.Ordinal);
        }
    }
}
