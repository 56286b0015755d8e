using System.Runtime.Intrinsics.X86;
using StepDistill.Training.Devices;

namespace StepDistill.Training.Tests.Devices;

public sealed class ProcessorFeaturesTests
{
    private static readonly ProcessorFeatures Everything = new("GenuineIntel", AmxBf16: true, Avx512Bf16: true);

    [Theory]
    [InlineData("vendor_id\t: GenuineIntel\nflags\t\t: fpu avx512f avx512_bf16 amx_bf16 amx_tile\n\nflags\t\t: fpu", "GenuineIntel", true, true)]
    [InlineData("vendor_id\t: AuthenticAMD\nmodel name\t: amx_bf16\nflags\t\t: fpu avx512_bf16\n", "AuthenticAMD", false, true)]
    [InlineData("vendor_id\t: GenuineIntel\nflags\t\t: fpu avx2 avx512_bf16x not_amx_bf16", "GenuineIntel", false, false)]
    [InlineData("processor\t: 0\nFeatures\t: fp asimd bf16", "", false, false)]
    [InlineData("", "", false, false)]
    public void Linux_tells_in_the_first_processor_s_paragraph(string text, string vendor, bool tiles, bool vectors) =>
        Assert.Equal(new(vendor, tiles, vectors), ProcessorFeatures.FromCpuInfo(text.Split('\n')));

    [Theory]
    [InlineData(null, true, true)]
    [InlineData("", true, true)]
    [InlineData("ALL", true, true)]
    [InlineData("no such name", true, true)]
    [InlineData("AVX512_CORE_AMX", true, true)]
    [InlineData("avx512_core_fp16", false, true)]
    [InlineData("AVX512_CORE_BF16", false, true)]
    [InlineData("AVX512_CORE", false, false)]
    [InlineData("AVX2", false, false)]
    public void What_oneDNN_may_not_use_does_not_count(string? cap, bool tiles, bool vectors)
    {
        var left = Everything.UpTo(cap);

        Assert.Equal((tiles, vectors), (left.AmxBf16, left.Avx512Bf16));
        Assert.Equal(!tiles || !vectors, left.Capped);
    }

    [Fact]
    public void A_limit_above_what_there_is_changes_nothing()
    {
        var old = Everything with { AmxBf16 = false };

        Assert.Equal(old, old.UpTo("AVX512_CORE_BF16"));
    }

    [Fact]
    public void The_processor_has_what_Linux_says_it_has()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && X86Base.IsSupported, "Two ways to ask there are on Linux with x86-64 only.");
        var (told, asked) = (ProcessorFeatures.FromCpuInfo(File.ReadLines("/proc/cpuinfo")), ProcessorFeatures.FromProcessor());

        Assert.Equal(told.Vendor, asked.Vendor);
        Assert.True(asked.Avx512Bf16 || !told.Avx512Bf16);
    }
}
