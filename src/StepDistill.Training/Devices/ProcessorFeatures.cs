using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;
using System.Text;

namespace StepDistill.Training.Devices;

/// <summary>What a processor has for products of bfloat16 matrices, as far as the system and oneDNN let it be used.</summary>
/// <param name="Vendor">Who made it, as it says itself: <c>GenuineIntel</c>, <c>AuthenticAMD</c>; empty for others than x86-64.</param>
/// <param name="AmxBf16">Whether it multiplies tiles of bfloat16 (AMX-BF16).</param>
/// <param name="Avx512Bf16">Whether it multiplies vectors of bfloat16 (AVX512_BF16).</param>
internal sealed partial record ProcessorFeatures(string Vendor, bool AmxBf16, bool Avx512Bf16)
{
    /// <summary>oneDNN's setting for the newest instructions that it may use; libtorch multiplies with oneDNN.</summary>
    public const string CapVariable = "ONEDNN_MAX_CPU_ISA";

    private const ulong TileState = 0b11UL << 17;

    /// <summary>Whether the processor has more than <see cref="CapVariable"/> lets be used.</summary>
    public bool Capped { get; init; }

    /// <summary>Looks at this machine's processor.</summary>
    public static ProcessorFeatures Read()
    {
        const string CpuInfo = "/proc/cpuinfo";
        var features = OperatingSystem.IsLinux() && File.Exists(CpuInfo) ? FromCpuInfo(File.ReadLines(CpuInfo)) : FromProcessor();
        return features.UpTo(Environment.GetEnvironmentVariable(CapVariable) ?? Environment.GetEnvironmentVariable("DNNL_MAX_CPU_ISA"));
    }

    /// <summary>Reads Linux's description, which lists what the kernel has switched on, not only what the processor has.</summary>
    internal static ProcessorFeatures FromCpuInfo(IEnumerable<string> lines)
    {
        var (vendor, flags) = ("", Array.Empty<string>());
        foreach (var line in lines)
        {
            if (line.Length == 0)
            {
                break;      // the first processor's paragraph; the others are alike
            }

            if (line.Split(':', 2) is [var key, var value])
            {
                (vendor, flags) = key.Trim() switch
                {
                    "vendor_id" => (value.Trim(), flags),
                    "flags" => (vendor, value.Split(' ')),
                    _ => (vendor, flags),
                };
            }
        }

        return new(vendor, flags.Contains("amx_bf16"), flags.Contains("avx512_bf16"));
    }

    /// <summary>What is left under a setting of <see cref="CapVariable"/>.</summary>
    /// <param name="cap">The setting, in any case of its letters; null, and names that oneDNN does not know, set no limit.</param>
    internal ProcessorFeatures UpTo(string? cap)
    {
        var name = cap?.ToUpperInvariant() ?? "";
        var vectors = name is not ("SSE41" or "AVX" or "AVX2" or "AVX2_VNNI" or "AVX2_VNNI_2" or "AVX512_CORE" or "AVX512_CORE_VNNI");
        var tiles = vectors && name is not ("AVX512_CORE_BF16" or "AVX512_CORE_FP16" or "AVX10_1_512" or "AVX10_2_512");
        return this with
        {
            AmxBf16 = AmxBf16 && tiles,
            Avx512Bf16 = Avx512Bf16 && vectors,
            Capped = AmxBf16 && !tiles || Avx512Bf16 && !vectors,
        };
    }

    /// <summary>Asks the processor itself. Source: Intel's Software Developer's Manual, CPUID, leaves 0 and 7.</summary>
    internal static ProcessorFeatures FromProcessor()
    {
        if (!X86Base.IsSupported)
        {
            return new("", AmxBf16: false, Avx512Bf16: false);
        }

        var (last, b, c, d) = X86Base.CpuId(0, 0);
        var vendor = Encoding.ASCII.GetString(MemoryMarshal.AsBytes<int>([b, d, c]));
        var tiles = last >= 7 && (X86Base.CpuId(7, 0).Edx & 1 << 22) != 0;
        var vectors = last >= 7 && (X86Base.CpuId(7, 1).Eax & 1 << 5) != 0;

        // Whether the system saves the wide registers, .NET knows of the vectors; of the tiles only Windows can be asked.
        return new(
            vendor,
            tiles && OperatingSystem.IsWindows() && (EnabledStates() & TileState) == TileState,
            vectors && Avx512F.IsSupported);
    }

    [LibraryImport("kernel32", EntryPoint = "GetEnabledXStateFeatures")]
    private static partial ulong EnabledStates();
}
