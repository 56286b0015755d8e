using StepDistill.Training.Devices;
using static TorchSharp.torch;

namespace StepDistill.Training.Tests.Devices;

public sealed class ComputeDeviceTests
{
    private static readonly ComputeDevice.Gpus None = new(HasCuda: false, [], _ => null);
    private static readonly ComputeDevice.Gpus Hidden = None with { HasCuda = true };
    private static readonly ComputeDevice.Gpus Two = Hidden with { Names = ["NVIDIA A", "NVIDIA B"] };
    private static readonly ComputeDevice.Gpus Sick = Two with { FaultOf = _ => "CUDA error: no kernel image is available" };

    [Fact]
    public void By_itself_it_takes_the_first_GPU()
    {
        Assert.Equal(new("cuda:0", "NVIDIA A, the first of 2 GPUs"), ComputeDevice.Choose("auto", Two));
        Assert.Equal(new("cuda:0", "NVIDIA A"), ComputeDevice.Choose("auto", Two with { Names = ["NVIDIA A"] }));
    }

    [Fact]
    public void By_itself_it_takes_the_processor_where_no_GPU_computes()
    {
        Assert.Equal(new("cpu", "this libtorch is for the processor only"), ComputeDevice.Choose("auto", None));
        Assert.Equal(new("cpu", "libtorch finds no GPU"), ComputeDevice.Choose("auto", Hidden));
        Assert.Equal(
            new("cpu", "cuda:0 (NVIDIA A) does not compute: CUDA error: no kernel image is available"),
            ComputeDevice.Choose("auto", Sick));
    }

    [Theory]
    [InlineData("cpu", "cpu")]
    [InlineData("cuda", "cuda:0")]
    [InlineData("cuda:1", "cuda:1")]
    public void What_is_asked_for_is_taken(string setting, string device) =>
        Assert.Equal(new(device, "training.device says so"), ComputeDevice.Choose(setting, Two));

    [Fact]
    public void Without_CUDA_in_libtorch_it_says_how_to_get_it() => Assert.Equal(
        "training.device is 'cuda', but this libtorch is for the processor only. For NVIDIA's GPUs, build with -p:TorchBackend=cuda,"
        + " or with -p:TorchBackend=none and STEPDISTILL_LIBTORCH naming a PyTorch with CUDA. Otherwise take auto or"
        + " training.device=cpu.",
        Fault("cuda", None));

    [Fact]
    public void Without_a_GPU_it_says_where_to_look() => Assert.Equal(
        "training.device is 'cuda:1', but libtorch finds no GPU. See that nvidia-smi lists one here (in a container, start it with"
        + " --gpus all) and that CUDA_VISIBLE_DEVICES does not hide it. Otherwise take auto or training.device=cpu.",
        Fault("cuda:1", Hidden));

    [Fact]
    public void A_GPU_that_is_not_there_is_refused_with_those_that_are() => Assert.Equal(
        "training.device is 'cuda:2', but there is no GPU of that number. Take cuda:0 (NVIDIA A), cuda:1 (NVIDIA B) or"
        + " training.device=cpu.",
        Fault("cuda:2", Two));

    [Fact]
    public void A_GPU_that_does_not_compute_is_refused_with_its_own_words() => Assert.StartsWith(
        "training.device is 'cuda', but cuda:0 (NVIDIA A) does not compute: CUDA error: no kernel image is available. See whether",
        Fault("cuda", Sick),
        StringComparison.Ordinal);

    [Theory]
    [InlineData("gpu")]
    [InlineData("cuda:")]
    [InlineData("cuda:-1")]
    [InlineData("cuda: 1")]
    [InlineData("cuda:99999999999")]
    [InlineData("mps")]
    public void Other_words_are_refused(string setting) => Assert.Equal(
        $"training.device is '{setting}'; it must be auto, cpu, cuda, or cuda:N with a GPU's number, such as cuda:1.",
        Fault(setting, Two));

    [Theory]
    [InlineData("auto")]
    [InlineData("cpu")]
    public void What_is_taken_here_computes(string setting)
    {
        using var scope = NewDisposeScope();

        Assert.Equal(6, ones(2, 3, device: ComputeDevice.Resolve(setting)).sum().item<float>());
    }

    private static string Fault(string setting, ComputeDevice.Gpus gpus) =>
        Assert.Throws<StepDistillException>(() => ComputeDevice.Choose(setting, gpus)).Message;
}
