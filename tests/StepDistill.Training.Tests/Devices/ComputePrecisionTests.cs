using StepDistill.Students;
using StepDistill.Training.Devices;
using static TorchSharp.torch;

namespace StepDistill.Training.Tests.Devices;

public sealed class ComputePrecisionTests
{
    private const string Amd = "AuthenticAMD";
    private const string Intel = "GenuineIntel";

    [Theory]
    [InlineData(Intel, true, true, ScalarType.BFloat16)]
    [InlineData(Intel, false, true, ScalarType.Float32)]
    [InlineData(Amd, false, true, ScalarType.BFloat16)]
    [InlineData(Amd, false, false, ScalarType.Float32)]
    [InlineData("", false, false, ScalarType.Float32)]
    public void A_processor_gets_bfloat16_where_it_multiplies_it_faster(string vendor, bool tiles, bool vectors, ScalarType expected) =>
        Assert.Equal(expected, ComputePrecision.OnProcessor(new(vendor, tiles, vectors)).Value);

    [Fact]
    public void A_processor_kept_from_AMX_gets_float32_and_is_told()
    {
        var choice = ComputePrecision.OnProcessor(new ProcessorFeatures(Intel, AmxBf16: true, Avx512Bf16: true).UpTo("AVX512_CORE_BF16"));

        Assert.Equal(ScalarType.Float32, choice.Value);
        Assert.StartsWith("ONEDNN_MAX_CPU_ISA keeps", choice.Reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(7, 5, ScalarType.Float32, "Tesla has compute capability 7.5; bfloat16 needs 8.0")]
    [InlineData(8, 0, ScalarType.BFloat16, "Tesla multiplies it (compute capability 8.0)")]
    [InlineData(9, 0, ScalarType.BFloat16, "Tesla multiplies it (compute capability 9.0)")]
    public void A_GPU_gets_bfloat16_from_Ampere_on(int major, int minor, ScalarType expected, string reason) =>
        Assert.Equal(new(expected, reason), ComputePrecision.OnGpu(new("Tesla", major, minor)));

    [Fact]
    public void A_GPU_that_cannot_be_asked_gets_float32() => Assert.Equal(ScalarType.Float32, ComputePrecision.OnGpu(gpu: null).Value);

    [Theory]
    [InlineData("cpu")]
    [InlineData("cuda:0")]
    public void A_small_student_stays_in_float32(string device) =>
        Assert.Equal(ScalarType.Float32, ComputePrecision.Resolve("auto", new Device(device), Student(255)));

    [Fact]
    public void A_large_student_gets_what_the_processor_is_good_at() => Assert.Equal(
        ComputePrecision.OnProcessor(ProcessorFeatures.Read()).Value,
        ComputePrecision.Resolve("auto", new Device("cpu"), Student(256)));

    [Theory]
    [InlineData("float32", ScalarType.Float32)]
    [InlineData("bfloat16", ScalarType.BFloat16)]
    public void What_is_asked_for_is_done_whatever_the_size(string setting, ScalarType expected) =>
        Assert.Equal(expected, ComputePrecision.Resolve(setting, new Device("cpu"), Student(16)));

    [Theory]
    [InlineData("float16")]
    [InlineData("")]
    public void Other_numbers_are_refused(string setting) => Assert.Equal(
        $"training.precision is '{setting}'; it must be auto, float32 or bfloat16. (float16 is too narrow for T5's numbers.)",
        Assert.Throws<StepDistillException>(() => ComputePrecision.Resolve(setting, new Device("cpu"), Student(512))).Message);

    private static T5Config Student(int width) => new() { Width = width, Heads = 4, FeedForwardWidth = 64, EncoderBlocks = 2, DecoderBlocks = 2 };
}
