using System.Globalization;
using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace StepDistill.Training.Devices;

/// <summary>Where a training computes: what <c>training.device</c> comes to on this machine.</summary>
public static class ComputeDevice
{
    private const string OnGpu = "cuda";

    /// <summary>Resolves the setting.</summary>
    /// <param name="setting"><c>auto</c>, <c>cpu</c>, <c>cuda</c> or <c>cuda:N</c>.</param>
    /// <returns>The processor, or a GPU with its number.</returns>
    /// <exception cref="StepDistillException">There is no such device here, or libtorch does not load.</exception>
    public static Device Resolve(string setting) => Choose(setting).Value;

    /// <summary>Resolves the setting, and says why.</summary>
    /// <param name="setting"><c>auto</c>, <c>cpu</c>, <c>cuda</c> or <c>cuda:N</c>.</param>
    /// <exception cref="StepDistillException">There is no such device here, or libtorch does not load.</exception>
    public static Choice<Device> Choose(string setting)
    {
        var hasCuda = NativeLibraries.Require().HasCuda;
        var gpus = hasCuda && setting != "cpu" && cuda.is_available() ? cuda.device_count() : 0;
        var (name, reason) = Choose(setting, new(hasCuda, [.. Enumerable.Range(0, gpus).Select(NameOf)], FaultOf));
        return new(new Device(name), reason);
    }

    /// <summary>Decides.</summary>
    /// <param name="setting">What the recipe says.</param>
    /// <param name="gpus">What this machine has.</param>
    /// <exception cref="StepDistillException">There is no such device here.</exception>
    internal static Choice<string> Choose(string setting, Gpus gpus)
    {
        if (setting == "cpu")
        {
            return new("cpu", "training.device says so");
        }

        if (setting != "auto" && NumberIn(setting) is null)
        {
            throw new StepDistillException($"training.device is '{setting}'; it must be auto, cpu, cuda, or cuda:N with a GPU's number, such as cuda:1.");
        }

        var number = NumberIn(setting) ?? 0;
        var (fault, remedy) = Against(number, gpus);
        return (setting, fault) switch
        {
            (_, null) => new($"{OnGpu}:{number}", setting == "auto"
                ? $"{gpus.Names[0]}{(gpus.Names.Count == 1 ? "" : $", the first of {gpus.Names.Count} GPUs")}"
                : "training.device says so"),
            ("auto", _) => new("cpu", fault),
            _ => throw new StepDistillException($"training.device is '{setting}', but {fault}. {remedy} or training.device=cpu."),
        };
    }

    /// <summary>What speaks against a GPU, and what to do about it.</summary>
    private static (string? Fault, string Remedy) Against(int number, Gpus gpus)
    {
        if (!gpus.HasCuda)
        {
            return (
                "this libtorch is for the processor only",
                $"For NVIDIA's GPUs, build with -p:TorchBackend=cuda, or with -p:TorchBackend=none and {LibtorchFolder.Variable}"
                + " naming a PyTorch with CUDA. Otherwise take auto");
        }

        if (gpus.Names.Count == 0)
        {
            return (
                "libtorch finds no GPU",
                "See that nvidia-smi lists one here (in a container, start it with --gpus all) and that CUDA_VISIBLE_DEVICES does not hide it."
                + " Otherwise take auto");
        }

        if (number >= gpus.Names.Count)
        {
            return ("there is no GPU of that number", $"Take {string.Join(", ", gpus.Names.Select((name, i) => $"{OnGpu}:{i} ({name})"))}");
        }

        return gpus.FaultOf(number) is { } fault
            ? ($"{OnGpu}:{number} ({gpus.Names[number]}) does not compute: {fault}", "See whether its driver is new enough for this libtorch. Otherwise take auto")
            : (null, "");
    }

    /// <summary>The number in <c>cuda:N</c>, 0 in <c>cuda</c>; null in other texts.</summary>
    private static int? NumberIn(string setting) =>
        setting == OnGpu ? 0
        : setting.Split(':') is [OnGpu, var digits] && int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number
        : null;

    private static string NameOf(int number) => CudaDriver.Describe(number)?.Name ?? "of unknown name";

    private static string? FaultOf(int number)
    {
        try
        {
            using var scope = NewDisposeScope();
            return ones(2, 2, device: new Device(DeviceType.CUDA, number)).sum().item<float>() == 4 ? null : "1 + 1 + 1 + 1 is not 4 there";
        }
        catch (ExternalException e)
        {
            return e.Message.Trim().Split('\n')[0].TrimEnd('.', '\r');
        }
    }

    /// <summary>What a machine has to compute on besides its processor.</summary>
    /// <param name="HasCuda">Whether libtorch can use GPUs.</param>
    /// <param name="Names">The GPUs that it finds, by number.</param>
    /// <param name="FaultOf">Tries one of them: null where it computes, else what it says.</param>
    internal sealed record Gpus(bool HasCuda, IReadOnlyList<string> Names, Func<int, string?> FaultOf);
}
