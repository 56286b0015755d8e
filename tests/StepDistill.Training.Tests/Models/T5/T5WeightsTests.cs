using System.Runtime.InteropServices;
using StepDistill.Students;
using StepDistill.Students.Weights;
using StepDistill.Training.Models.T5;
using static TorchSharp.torch;

namespace StepDistill.Training.Tests.Models.T5;

public sealed class T5WeightsTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("t5-weights-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Theory]
    [MemberData(nameof(TinyNetworks.Each), MemberType = typeof(TinyNetworks))]
    public void Every_weight_has_a_published_name_of_its_own(T5Config config)
    {
        using var network = new T5Network(config, META);

        var names = T5Weights.Of(network).Select(w => w.Name).ToList();

        Assert.Equal(names.Count, names.Distinct().Count());
    }

    [Fact]
    public void Names_and_shapes_are_the_published_ones()
    {
        using var network = new T5Network(TinyNetworks.Gated with { DecoderBlocks = 1, EncoderBlocks = 1 }, META);

        Assert.Equal(
            """
            decoder.block.0.layer.0.SelfAttention.k.weight [48, 24]
            decoder.block.0.layer.0.SelfAttention.o.weight [24, 48]
            decoder.block.0.layer.0.SelfAttention.q.weight [48, 24]
            decoder.block.0.layer.0.SelfAttention.relative_attention_bias.weight [32, 3]
            decoder.block.0.layer.0.SelfAttention.v.weight [48, 24]
            decoder.block.0.layer.0.layer_norm.weight [24]
            decoder.block.0.layer.1.EncDecAttention.k.weight [48, 24]
            decoder.block.0.layer.1.EncDecAttention.o.weight [24, 48]
            decoder.block.0.layer.1.EncDecAttention.q.weight [48, 24]
            decoder.block.0.layer.1.EncDecAttention.v.weight [48, 24]
            decoder.block.0.layer.1.layer_norm.weight [24]
            decoder.block.0.layer.2.DenseReluDense.wi_0.weight [40, 24]
            decoder.block.0.layer.2.DenseReluDense.wi_1.weight [40, 24]
            decoder.block.0.layer.2.DenseReluDense.wo.weight [24, 40]
            decoder.block.0.layer.2.layer_norm.weight [24]
            decoder.final_layer_norm.weight [24]
            encoder.block.0.layer.0.SelfAttention.k.weight [48, 24]
            encoder.block.0.layer.0.SelfAttention.o.weight [24, 48]
            encoder.block.0.layer.0.SelfAttention.q.weight [48, 24]
            encoder.block.0.layer.0.SelfAttention.relative_attention_bias.weight [32, 3]
            encoder.block.0.layer.0.SelfAttention.v.weight [48, 24]
            encoder.block.0.layer.0.layer_norm.weight [24]
            encoder.block.0.layer.1.DenseReluDense.wi_0.weight [40, 24]
            encoder.block.0.layer.1.DenseReluDense.wi_1.weight [40, 24]
            encoder.block.0.layer.1.DenseReluDense.wo.weight [24, 40]
            encoder.block.0.layer.1.layer_norm.weight [24]
            encoder.final_layer_norm.weight [24]
            lm_head.weight [50, 24]
            shared.weight [50, 24]
            """,
            string.Join("\n", T5Weights.Of(network).OrderBy(w => w.Name, StringComparer.Ordinal)
                .Select(w => $"{w.Name} [{string.Join(", ", w.Weight.shape)}]")));
    }

    [Fact]
    public void A_plain_feed_forward_part_has_one_inner_weight_and_a_tied_network_no_head()
    {
        using var network = new T5Network(TinyNetworks.Tied, META);

        var names = T5Weights.Of(network).Select(w => w.Name).ToList();

        Assert.Contains("decoder.block.2.layer.2.DenseReluDense.wi.weight", names);
        Assert.DoesNotContain("decoder.block.0.layer.2.DenseReluDense.wi_0.weight", names);
        Assert.DoesNotContain("lm_head.weight", names);
    }

    [Theory]
    [MemberData(nameof(TinyNetworks.Each), MemberType = typeof(TinyNetworks))]
    public void What_was_written_is_read_bit_for_bit(T5Config config)
    {
        using var network = T5Network.FromSeed(config, seed: 5);

        T5ConfigFile.Write(folder, config);
        T5Weights.Write(network, Path.Combine(folder, "model.safetensors"));
        using var read = T5Weights.Load(folder);

        Assert.Equal(config, read.Config);
        Assert.All(
            T5Weights.Of(network).Zip(T5Weights.Of(read)),
            pair =>
            {
                Assert.Equal(pair.First.Name, pair.Second.Name);
                Assert.Equal(pair.First.Weight.data<float>().ToArray(), pair.Second.Weight.data<float>().ToArray());
            });
    }

    [Fact]
    public void Copies_of_the_embedding_table_may_be_there()
    {
        var weights = Weights(TinyNetworks.Tied);
        weights["encoder.embed_tokens.weight"] = weights["shared.weight"];
        weights["decoder.embed_tokens.weight"] = weights["shared.weight"];
        weights["lm_head.weight"] = weights["shared.weight"];

        using var read = T5Weights.Load(TinyNetworks.Tied, Files(weights));

        Assert.Equal(weights["shared.weight"].Values, T5Weights.Of(read)
            .Single(w => w.Name == "shared.weight").Weight.data<float>().ToArray());
    }

    [Fact]
    public void The_embedding_table_may_be_there_under_a_copy_s_name_only()
    {
        var weights = Weights(TinyNetworks.Gated);
        weights.Remove("shared.weight", out var table);
        weights["encoder.embed_tokens.weight"] = table;

        using var read = T5Weights.Load(TinyNetworks.Gated, Files(weights));

        Assert.Equal(table.Values, T5Weights.Of(read)
            .Single(w => w.Name == "shared.weight").Weight.data<float>().ToArray());
    }

    [Fact]
    public void The_first_published_files_unused_weight_is_passed_over()
    {
        var weights = Weights(TinyNetworks.Tied);
        weights["decoder.block.0.layer.1.EncDecAttention.relative_attention_bias.weight"] = ([32, 3], new float[96]);

        using var read = T5Weights.Load(TinyNetworks.Tied, Files(weights));

        Assert.Equal(TinyNetworks.Tied, read.Config);
    }

    [Fact]
    public void A_copy_that_differs_is_refused()
    {
        var weights = Weights(TinyNetworks.Tied);
        var (shape, values) = weights["shared.weight"];
        weights["lm_head.weight"] = (shape, [.. values[..^1], values[^1] + 1]);

        var refusal = Assert.Throws<StepDistillException>(() => T5Weights.Load(TinyNetworks.Tied, Files(weights)));

        Assert.StartsWith("lm_head.weight and shared.weight in ", refusal.Message, StringComparison.Ordinal);
        Assert.EndsWith("tie_word_embeddings must be false there.", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Weights_that_do_not_fit_are_listed_all_at_once()
    {
        var weights = Weights(TinyNetworks.Gated);
        weights.Remove("lm_head.weight");
        weights["shared.weight"] = ([40, 24], new float[40 * 24]);
        weights["encoder.block.7.layer.0.layer_norm.weight"] = ([24], new float[24]);

        var refusal = Assert.Throws<StepDistillException>(() => T5Weights.Load(TinyNetworks.Gated, Files(weights)));

        Assert.EndsWith(
            "are not those of the network that config.json describes."
            + " Missing (1): lm_head.weight."
            + " Of another shape (1): shared.weight has [40, 24], expected [50, 24]."
            + " Not of this network (1): encoder.block.7.layer.0.layer_norm.weight."
            + " Take both files from the same student.",
            refusal.Message,
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(ScalarType.Float32, WeightType.F16)]
    [InlineData(ScalarType.BFloat16, WeightType.BF16)]
    [InlineData(ScalarType.BFloat16, WeightType.F32)]
    public void Weights_in_parts_go_straight_into_the_network_s_memory(ScalarType type, WeightType stored)
    {
        // 6 million numbers, and pieces of one: a second copy would show.
        var config = TinyNetworks.Gated with { VocabularySize = 120_000 };
        using var network = T5Network.FromSeed(config, seed: 5);
        WriteParts(network, stored);
        using var files = WeightFiles.Open(folder);
        using (T5Weights.Load(config, files, type))
        {
            // pools are filled now
        }

        var before = GC.GetAllocatedBytesForCurrentThread();
        using var read = T5Weights.Load(config, files, type);
        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;

        Assert.InRange(allocated, 0, 12 << 20);
        Assert.Equal(type, read.Memory.Values.dtype);
        foreach (var (mine, its) in network.Memory.Weights.Zip(read.Memory.Weights))
        {
            var (expected, numbers) = (new float[mine.Length], new float[its.Length]);
            network.Memory.Read(mine, 0, expected);
            read.Memory.Read(its, 0, numbers);
            Assert.Equal(expected.Select(number => Stored(number, stored)), numbers);
        }
    }

    /// <summary>Loads 300 million weights and measures; run it alone: <c>-explicit only -class '*T5WeightsTests'</c>.</summary>
    [Theory(Explicit = true)]
    [InlineData(WeightType.F16)]
    [InlineData(WeightType.BF16)]
    public void A_large_student_takes_four_bytes_a_weight_while_it_is_read(WeightType stored)
    {
        var config = T5Sizes.Named("t5-v1_1-base") with { EncoderBlocks = 16, DecoderBlocks = 14 };
        WriteParts(config, stored);
        using var files = WeightFiles.Open(folder);
        GC.Collect();
        File.WriteAllText("/proc/self/clear_refs", "5");
        var before = Status("VmRSS");
        var clock = System.Diagnostics.Stopwatch.StartNew();

        using var read = T5Weights.Load(config, files, ScalarType.BFloat16);

        var taken = Status("VmHWM") - before;
        TestContext.Current.TestOutputHelper!.WriteLine(
            $"{config.WeightCount / 1e6:0} million weights in {Directory.GetFiles(folder, "*.safetensors").Length} files of {stored}: "
            + $"{taken / 1e6:0} MB at most, {4 * config.WeightCount / 1e6:0} MB of weights, {clock.Elapsed.TotalSeconds:0.0} s");
        Assert.InRange(taken, 0, (4 * config.WeightCount) + (40 << 20));
    }

    private static long Status(string name) => 1024 * long.Parse(
        File.ReadLines("/proc/self/status").First(line => line.StartsWith(name, StringComparison.Ordinal)).Split(':', 'k')[1],
        System.Globalization.CultureInfo.InvariantCulture);

    private static float Stored(float number, WeightType type)
    {
        var bytes = new byte[WeightNumbers.SizeOf(type)];
        WeightNumbers.FromFloats([number], type, bytes);
        var read = new float[1];
        WeightNumbers.ToFloats(bytes, type, read);
        return read[0];
    }

    /// <summary>Writes a network in several files with an index, as large students are published.</summary>
    private void WriteParts(T5Network network, WeightType type) => WriteParts(network, type, (weight, piece, first) =>
        network.Memory.Read(network.Memory.Of(weight), first, piece));

    /// <summary>The same for made-up weights, which need not be in memory.</summary>
    private void WriteParts(T5Config config, WeightType type)
    {
        using var shapes = new T5Network(config, META);
        WriteParts(shapes, type, (_, piece, _) => piece.Fill(0.125f));
    }

    private void WriteParts(T5Network network, WeightType type, Fill fill)
    {
        var places = new Dictionary<string, string>();
        foreach (var (part, i) in T5Weights.Of(network).Chunk(60).Select((part, i) => (part, i)))
        {
            var file = $"model-{i + 1:00000}.safetensors";
            var weights = part.ToDictionary(named => named.Name, named => named.Weight);
            SafetensorsFile.Write(
                Path.Combine(folder, file),
                weights.Select(named => new WeightTensor(named.Key, type, named.Value.shape)),
                (tensor, stream) =>
                {
                    var (piece, bytes) = (new float[1 << 16], new byte[(1 << 16) * WeightNumbers.SizeOf(type)]);
                    for (long done = 0; done < tensor.Count; done += piece.Length)
                    {
                        var numbers = piece.AsSpan(0, (int)Math.Min(piece.Length, tensor.Count - done));
                        fill(weights[tensor.Name], numbers, done);
                        WeightNumbers.FromFloats(numbers, type, bytes.AsSpan(0, numbers.Length * WeightNumbers.SizeOf(type)));
                        stream.Write(bytes.AsSpan(0, numbers.Length * WeightNumbers.SizeOf(type)));
                    }
                });
            weights.Keys.ToList().ForEach(name => places[name] = file);
        }

        File.WriteAllText(
            Path.Combine(folder, "model.safetensors.index.json"),
            System.Text.Json.JsonSerializer.Serialize(new { metadata = new { }, weight_map = places }));
    }

    private delegate void Fill(TorchSharp.Modules.Parameter weight, Span<float> numbers, long first);

    private static Dictionary<string, (long[] Shape, float[] Values)> Weights(T5Config config)
    {
        using var network = T5Network.FromSeed(config, seed: 5);
        return T5Weights.Of(network).ToDictionary(w => w.Name, w => (w.Weight.shape, w.Weight.data<float>().ToArray()));
    }

    private WeightFiles Files(Dictionary<string, (long[] Shape, float[] Values)> weights)
    {
        var path = Path.Combine(folder, "model.safetensors");
        SafetensorsFile.Write(
            path,
            weights.Select(w => new WeightTensor(w.Key, WeightType.F32, w.Value.Shape)),
            (tensor, stream) => stream.Write(MemoryMarshal.AsBytes<float>(weights[tensor.Name].Values)));
        return WeightFiles.Open(path);
    }
}
