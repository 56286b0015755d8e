using StepDistill.Students;
using TorchSharp;
using static TorchSharp.torch;

namespace StepDistill.Training.Devices;

/// <summary>The numbers that a training computes in: what <c>training.precision</c> comes to on a device.</summary>
/// <remarks>
/// A number of bfloat16 takes half the bits, but it is faster only where the hardware multiplies matrices of it. Products of large
/// matrices, two cores: Intel Emerald Rapids 245 GFLOP/s in float32, 700 to 1,850 in bfloat16 by AMX, 130 by AVX512_BF16
/// alone; AMD Zen 4 125 to 140 in float32, 350 to 410 in bfloat16 by AVX512_BF16.
/// </remarks>
public static class ComputePrecision
{
    /// <summary>The width D from which a student gains by bfloat16; below, its matrices are too small for it.</summary>
    public const int LeastWidth = 256;

    /// <summary>The compute capability of GPUs that multiply bfloat16 (Ampere), before the point.</summary>
    private const int LeastCapability = 8;

    /// <summary>Resolves the setting.</summary>
    /// <param name="setting"><c>auto</c>, <c>float32</c> or <c>bfloat16</c>.</param>
    /// <param name="device">Where it will be computed.</param>
    /// <param name="config">The student's sizes.</param>
    /// <returns><see cref="ScalarType.Float32"/> or <see cref="ScalarType.BFloat16"/>.</returns>
    /// <exception cref="StepDistillException">The setting is another.</exception>
    public static ScalarType Resolve(string setting, Device device, T5Config config)
    {
        ArgumentNullException.ThrowIfNull(config);
        return Choose(setting, device, config.Width).Value;
    }

    /// <summary>Resolves the setting, and says why.</summary>
    /// <param name="setting"><c>auto</c>, <c>float32</c> or <c>bfloat16</c>.</param>
    /// <param name="device">Where it will be computed.</param>
    /// <param name="width">The student's width D.</param>
    /// <exception cref="StepDistillException">The setting is another.</exception>
    public static Choice<ScalarType> Choose(string setting, Device device, int width)
    {
        ArgumentNullException.ThrowIfNull(device);
        return setting switch
        {
            "float32" => new(ScalarType.Float32, "training.precision says so"),
            "bfloat16" => new(ScalarType.BFloat16, "training.precision says so"),
            "auto" when width < LeastWidth => new(ScalarType.Float32, $"students narrower than {LeastWidth} gain nothing from bfloat16"),
            "auto" when device.type == DeviceType.CUDA => OnGpu(CudaDriver.Describe(Math.Max(device.index, 0))),
            "auto" => OnProcessor(ProcessorFeatures.Read()),
            _ => throw new StepDistillException(
                $"training.precision is '{setting}'; it must be auto, float32 or bfloat16. (float16 is too narrow for T5's numbers.)"),
        };
    }

    /// <summary>What <c>auto</c> takes on a GPU.</summary>
    /// <param name="gpu">What its driver says; null where it says nothing.</param>
    internal static Choice<ScalarType> OnGpu(CudaGpu? gpu) => gpu switch
    {
        null => new(ScalarType.Float32, "the GPU's driver does not say whether it multiplies bfloat16; training.precision=bfloat16 takes it all the same"),
        { Major: >= LeastCapability } => new(ScalarType.BFloat16, $"{gpu.Name} multiplies it (compute capability {gpu.Major}.{gpu.Minor})"),
        _ => new(ScalarType.Float32, $"{gpu.Name} has compute capability {gpu.Major}.{gpu.Minor}; bfloat16 needs {LeastCapability}.0"),
    };

    /// <summary>What <c>auto</c> takes on a processor.</summary>
    /// <param name="processor">What it has and what may be used of it.</param>
    internal static Choice<ScalarType> OnProcessor(ProcessorFeatures processor) => processor switch
    {
        { AmxBf16: true } => new(ScalarType.BFloat16, "the processor multiplies it several times as fast (AMX)"),
        { Avx512Bf16: true, Vendor: "AuthenticAMD" } => new(ScalarType.BFloat16, "the processor multiplies it several times as fast (AVX512_BF16)"),
        { Capped: true } => new(ScalarType.Float32, $"{ProcessorFeatures.CapVariable} keeps libtorch from what multiplies bfloat16 faster"),
        { Avx512Bf16: true } => new(ScalarType.Float32, "this processor's AVX512_BF16 is no faster than float32, and AMX it lacks"),
        _ => new(ScalarType.Float32, "the processor has nothing that multiplies bfloat16 faster"),
    };
}
